import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../build.ts';
import { root } from './paths.ts';
import { runBin } from './run.ts';

const sizeBytesMax = 2 * 1024 * 1024;

/** Builds and packs the extension into samsa-<version>.vsix. Rejects on vsce's warnings and above the size limit. */
export async function packageVsix(): Promise<{ readonly path: string; readonly sizeBytes: number }> {
  await build();
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const path = join(root, `samsa-${manifest.version}.vsix`);
  const { code, output } = await runBin('@vscode/vsce/vsce', ['package', '--no-dependencies', '--out', path]);
  if (code !== 0 || /warning/i.test(output)) throw new Error(`vsce is not content:\n${output.trim()}`);
  const { size: sizeBytes } = await stat(path);
  if (sizeBytes >= sizeBytesMax) throw new Error(`${path} has ${sizeBytes} bytes, and ${sizeBytesMax} are too many`);
  return { path, sizeBytes };
}
