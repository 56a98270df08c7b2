import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { ErrorCode } from '../protocol/errors.ts';
import { RecordsError } from './records-error.ts';

/** Node's own zstd (22.15 on). Older runtimes have none: they read through fzstd and cannot write. */
const native = typeof zlib.zstdDecompressSync === 'function';

export function zstdCompress(data: Buffer, level: number): Buffer {
  if (!native) {
    throw new RecordsError(
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      'This Node.js cannot write zstd; 22.15 and later can.',
    );
  }
  return zlib.zstdCompressSync(data, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } });
}

/** Throws what zlib throws on damage and past the limit, or RecordsError from the portable reader. */
export function zstdDecompress(data: Buffer, maxBytes: number): Buffer {
  return native ? zlib.zstdDecompressSync(data, { maxOutputLength: maxBytes }) : portableZstdDecompress(data, maxBytes);
}

export function portableZstdDecompress(data: Buffer, maxBytes: number): Buffer {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((chunk) => {
    length += chunk.length;
    if (length > maxBytes) {
      throw new RecordsError(ErrorCode.CORRUPT_MESSAGE, `The records decompress to more than ${maxBytes} bytes.`);
    }
    chunks.push(chunk.slice());
  });
  // Block by block, so that a bomb is noticed before it is unpacked: a zstd block is at most 128 KiB of output.
  const step = 64 * 1024;
  for (let at = 0; at < data.length; at += step) stream.push(data.subarray(at, at + step), at + step >= data.length);
  return Buffer.concat(chunks);
}
