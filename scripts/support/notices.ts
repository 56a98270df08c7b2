import type { Metafile } from 'esbuild';
import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.ts';

interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly homepage: string;
  /** Texts of the package's own licence and notice files. */
  readonly texts: readonly string[];
}

/** Copied into dist/ beside the bundles, so that no metafile mentions them. */
const copiedPackages = ['node_modules/@vscode/codicons'];

/** Compiled into a package that does not carry their licences, which are kept in scripts/licences/. */
const compiledIn: Readonly<Record<string, readonly Omit<PackageFacts, 'texts'>[]>> = {
  'node_modules/@platformatic/wasm-utils': [
    { name: 'lz4_flex', version: '0.12.0', license: 'MIT', homepage: 'https://github.com/PSeitz/lz4_flex' },
    { name: 'snap', version: '1.1.1', license: 'BSD-3-Clause', homepage: 'https://github.com/BurntSushi/rust-snappy' },
    { name: 'twox-hash', version: '2.1.2', license: 'MIT', homepage: 'https://github.com/shepmaster/twox-hash' },
  ],
};

function withCompiledIn(folder: string): PackageFacts[] {
  const inside = (compiledIn[folder] ?? []).map((facts) => ({
    ...facts,
    texts: [readFileSync(join(root, 'scripts', 'licences', `${facts.name}.txt`), 'utf8').trim()],
  }));
  return [readPackage(folder), ...inside];
}

/** Folders of the packages whose code is in the bundles, relative to the root, sorted. */
export function bundledPackages(metafile: Metafile): string[] {
  const folders = new Set(copiedPackages);
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders].sort();
}

function readPackage(folder: string): PackageFacts {
  const path = join(root, folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Record<string, unknown>;
  const texts = readdirSync(path)
    .filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(path, name), 'utf8').replaceAll('\r\n', '\n').trim());
  const name = String(manifest['name']);
  return {
    name,
    version: String(manifest['version']),
    license: String(manifest['license']),
    homepage: typeof manifest['homepage'] === 'string' ? manifest['homepage'] : `https://www.npmjs.com/package/${name}`,
    texts,
  };
}

/** Name, home and whole licence of each package, by folder. */
export function noticesOf(folders: readonly string[]): string {
  const sections = folders.flatMap(withCompiledIn).map(({ name, version, license, homepage, texts }) => {
    const facts = [`${name} ${version}`, homepage, `Licence: ${license}`];
    return [...facts, '', ...(texts.length > 0 ? texts : [`(${license})`])].join('\n');
  });
  const head = 'Samsa contains code of the packages below. Their licences follow.';
  return `${[head, ...sections].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Writes dist/THIRD_PARTY_NOTICES.txt. */
export async function writeNotices(metafile: Metafile): Promise<void> {
  await writeFile(join(root, 'dist', 'THIRD_PARTY_NOTICES.txt'), noticesOf(bundledPackages(metafile)));
}
