import { createRequire } from 'node:module';

/** The compressors of `@platformatic/wasm-utils`: LZ4 frames and raw snappy blocks. */
export interface WasmCodecs {
  lz4Compress(data: Buffer): Buffer;
  snappyCompress(data: Buffer): Buffer;
}

let codecs: WasmCodecs | undefined;

/**
 * Compiled at first use: 10 ms that a process which never compresses does not pay. Only the compressors are used;
 * the decompressors trap on garbage and lose the memory they held, so ours are in lz4.ts and snappy.ts.
 */
export function wasmCodecs(): WasmCodecs {
  codecs ??= load() as WasmCodecs;
  return codecs;
}

function load(): unknown {
  // The build sets this, so that a bundle holds the literal require and not the other branch.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a static import would compile it at start-up
  if (process.env.SAMSA_BUNDLED === '1') return require('@platformatic/wasm-utils/bundled');
  return createRequire(import.meta.url)('@platformatic/wasm-utils/bundled');
}
