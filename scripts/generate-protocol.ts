/**
 * Generates the encoders and decoders of `extension/protocol/generated` from the definitions beside it.
 *
 *   node scripts/generate-protocol.ts [--check]
 *
 * `--check` writes nothing and fails when a generated file differs from what is there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDefinition, type Definition, type RawDefinition } from './protocol/definition.ts';
import { emitMessage, fileName } from './protocol/emit-message.ts';
import { emitAllMessages, emitApis } from './protocol/emit-tables.ts';

const protocol = fileURLToPath(new URL('../extension/protocol/', import.meta.url));
const definitionsFolder = join(protocol, 'definitions');
const generatedFolder = join(protocol, 'generated');

function readDefinitions(): Definition[] {
  const definitions: Definition[] = [];
  for (const module of readdirSync(definitionsFolder, { withFileTypes: true })) {
    if (!module.isDirectory()) continue;
    for (const name of readdirSync(join(definitionsFolder, module.name))) {
      if (!name.endsWith('.json')) continue;
      const raw = JSON.parse(readFileSync(join(definitionsFolder, module.name, name), 'utf8')) as RawDefinition;
      // Messages whose last version is gone keep a definition without fields.
      if (raw.validVersions !== 'none') definitions.push(parseDefinition(raw, module.name));
    }
  }
  return definitions.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const definitions = readDefinitions();
const files = new Map<string, string>();
for (const definition of definitions) files.set(fileName(definition.name), emitMessage(definition));
files.set('apis.ts', emitApis(definitions));
files.set('all-messages.ts', emitAllMessages(definitions));

if (process.argv.includes('--check')) {
  const stale = [...files].filter(([name, text]) => {
    const path = join(generatedFolder, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  });
  const extra = readdirSync(generatedFolder).filter((name) => !files.has(name));
  if (stale.length + extra.length > 0) {
    console.error(`out of date: ${[...stale.map(([name]) => name), ...extra].join(', ')}; run npm run generate`);
    process.exit(1);
  }
} else {
  rmSync(generatedFolder, { recursive: true, force: true });
  mkdirSync(generatedFolder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(generatedFolder, name), text);
  console.log(`${files.size} files written for ${definitions.length} messages`);
}
