// npm run build [--watch] [--development]: bundles the extension, the command line, the broker worker and the webviews
// into dist/, all of which is shipped. Production bundles are minified; out/meta.json tells what went into them.

import { context, build as esbuild } from 'esbuild';
import type { BuildOptions, BuildResult, Metafile } from 'esbuild';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './support/paths.ts';
import { writeNotices } from './support/notices.ts';

export interface BuildRequest {
  /** Unminified, with source maps. */
  readonly development?: boolean;
}

/** Programs that run on the extension host's Node: entry point → bundle below dist/. */
const nodeEntries: Readonly<Record<string, string>> = {
  extension: 'extension/extension.ts',
  cli: 'extension/cli/main.ts',
  'broker-worker': 'extension/cluster/worker.ts',
  'recovery-worker': 'extension/cluster/recovery-worker.ts',
};

/** Present only where their package was installed; loaded at run time inside a try. */
const optionalNative = ['@node-rs/crc32'];

function nodeBundle(development: boolean): BuildOptions {
  return {
    entryPoints: nodeEntries,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    outdir: join(root, 'dist'),
    outExtension: { '.js': '.cjs' },
    external: ['vscode', ...optionalNative],
    // Sources find files beside them by import.meta, bundles by __dirname; this tells them which they are.
    define: { 'process.env.SAMSA_BUNDLED': '"1"' },
    logOverride: { 'empty-import-meta': 'silent' },
    ...common(development),
  };
}

function webviewBundle(development: boolean): BuildOptions {
  return {
    entryPoints: webviewEntries(),
    platform: 'browser',
    target: 'chrome140',
    format: 'esm',
    outdir: join(root, 'dist', 'webview'),
    tsconfig: join(root, 'webview', 'tsconfig.json'),
    loader: { '.css': 'text' },
    ...common(development),
  };
}

function common(development: boolean): BuildOptions {
  return {
    absWorkingDir: root,
    bundle: true,
    minify: !development,
    keepNames: false,
    sourcemap: development ? 'linked' : false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
}

/** Every folder of webview/ with an app.ts is one view. */
function webviewEntries(): Record<string, string> {
  const folders = readdirSync(join(root, 'webview'), { withFileTypes: true });
  return Object.fromEntries(
    folders
      .filter((entry) => entry.isDirectory() && existsSync(join(root, 'webview', entry.name, 'app.ts')))
      .map((entry) => [entry.name, `webview/${entry.name}/app.ts`]),
  );
}

async function copyCodicons(): Promise<void> {
  const from = join(root, 'node_modules', '@vscode', 'codicons', 'dist');
  const to = join(root, 'dist', 'webview');
  await mkdir(to, { recursive: true });
  await Promise.all(['codicon.css', 'codicon.ttf'].map((name) => cp(join(from, name), join(to, name))));
}

function mergeMetafiles(results: readonly BuildResult[]): Metafile {
  const merged: Metafile = { inputs: {}, outputs: {} };
  for (const { metafile } of results) {
    Object.assign(merged.inputs, metafile?.inputs);
    Object.assign(merged.outputs, metafile?.outputs);
  }
  return merged;
}

/** Builds everything into dist/, which is emptied first. Rejects when a bundle has errors; they are printed by then. */
export async function build(request: BuildRequest = {}): Promise<Metafile> {
  const development = request.development ?? false;
  await rm(join(root, 'dist'), { recursive: true, force: true });
  const results = await Promise.all([esbuild(nodeBundle(development)), esbuild(webviewBundle(development))]);
  await copyCodicons();
  const metafile = mergeMetafiles(results);
  await mkdir(join(root, 'out'), { recursive: true });
  await writeFile(join(root, 'out', 'meta.json'), JSON.stringify(metafile));
  await writeNotices(metafile);
  return metafile;
}

async function watch(): Promise<void> {
  await rm(join(root, 'dist'), { recursive: true, force: true });
  await copyCodicons();
  const contexts = await Promise.all([context(nodeBundle(true)), context(webviewBundle(true))]);
  await Promise.all(contexts.map((each) => each.watch()));
  console.log('Watching. Ctrl+C ends.');
}

async function printSizes(): Promise<void> {
  const files = readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const rows = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: path.slice(root.length + 1), sizeBytes: (await stat(path)).size };
    }),
  );
  for (const { name, sizeBytes } of rows.sort(byName)) {
    console.log(`${(sizeBytes / 1024).toFixed(1).padStart(9)} KiB  ${name}`);
  }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const args = new Set(process.argv.slice(2));
  if (args.has('--watch')) {
    await watch();
  } else {
    try {
      await build({ development: args.has('--development') });
      await printSizes();
    } catch {
      console.error('Build failed.');
      process.exitCode = 1;
    }
  }
}
