import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { launchers } from './launchers.ts';
import { print, type ToolIo } from './tool-io.ts';

/** `samsa launchers DIR`: writes the commands that run Kafka's tools by their names into a folder. */
export async function installLaunchers(args: readonly string[], io: ToolIo): Promise<number> {
  const [directory, ...rest] = args;
  if (directory === undefined || directory.startsWith('-') || rest.length > 0) {
    print(io.stderr, 'Usage: samsa launchers DIR');
    return 2;
  }
  const scriptPath = resolve(process.argv[1] ?? '');
  const files = launchers({ execPath: process.execPath, scriptPath, platform: process.platform });
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await writeFile(path, content);
    // An older file keeps its mode when it is written over.
    await chmod(path, 0o755);
  }
  return 0;
}
