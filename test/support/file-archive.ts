import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * Many small files in one, gzipped: a line of JSON with the paths and sizes in order, then the contents one after the
 * other.
 */
export function packFiles(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const names = [...files.keys()].sort();
  const entries = names.map((name): [string, number] => [name, files.get(name)!.length]);
  const head = Buffer.from(`${JSON.stringify(entries)}\n`);
  return gzipSync(Buffer.concat([head, ...names.map((name) => files.get(name)!)]), { level: 9 });
}

/** Throws on bytes that {@link packFiles} did not make. */
export function unpackFiles(archive: Uint8Array): Map<string, Buffer> {
  const bytes = gunzipSync(archive);
  const headEnd = bytes.indexOf(0x0a);
  const entries = JSON.parse(bytes.toString('utf8', 0, headEnd)) as [string, number][];
  const files = new Map<string, Buffer>();
  let at = headEnd + 1;
  for (const [name, size] of entries) {
    files.set(name, bytes.subarray(at, at + size));
    at += size;
  }
  if (at !== bytes.length) throw new Error(`The archive holds ${bytes.length} bytes, not ${at}.`);
  return files;
}
