import { join } from 'node:path';

/**
 * The entry of a worker thread: `source` in this folder, or `bundle` in dist/. `SAMSA_BUNDLED` is set by the build, which puts workers
 * beside the bundle that this module became part of.
 */
export function workerFile(source: string, bundle: string): string | URL {
  return process.env['SAMSA_BUNDLED'] === '1' ? join(__dirname, bundle) : new URL(source, import.meta.url);
}
