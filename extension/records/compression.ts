import { gunzipSync, gzipSync } from 'node:zlib';
import { ErrorCode } from '../protocol/errors.ts';
import { CompressionType } from './compression-type.ts';
import { lz4CompressHigh } from './lz4-high.ts';
import { lz4Compress, lz4Decompress } from './lz4.ts';
import { RecordsError } from './records-error.ts';
import { snappyCompress, snappyDecompress } from './snappy.ts';
import { zstdCompress, zstdDecompress } from './zstd.ts';

/**
 * No batch may decompress to more: 1 MiB of zeros in gzip is 1 GiB, and one such message must not take the process
 * down. Kafka's own producers stop far below.
 */
export const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024;

const DEFAULT_GZIP_LEVEL = -1;
const DEFAULT_LZ4_LEVEL = 9;
const DEFAULT_ZSTD_LEVEL = 3;

/**
 * Compresses a block of records. `level` counts for gzip (1 to 9, -1 the default), lz4 (1 to 17; 9 is the fast compressor
 * as in Kafka) and zstd.
 */
export function compress(type: CompressionType, data: Buffer, level?: number): Buffer {
  switch (type) {
    case CompressionType.none:
      return data;
    case CompressionType.gzip:
      return gzipSync(data, { level: level ?? DEFAULT_GZIP_LEVEL });
    case CompressionType.snappy:
      return snappyCompress(data);
    case CompressionType.lz4:
      return level === undefined || level === DEFAULT_LZ4_LEVEL ? lz4Compress(data) : lz4CompressHigh(data, level);
    case CompressionType.zstd:
      return zstdCompress(data, level ?? DEFAULT_ZSTD_LEVEL);
  }
}

/**
 * Opens a block of records.
 *
 * @throws RecordsError CORRUPT_MESSAGE when the bytes are damaged or hold more than `maxBytes`;
 *   UNSUPPORTED_COMPRESSION_TYPE for a codec id that Kafka does not define
 */
export function decompress(typeId: number, data: Buffer, maxBytes = MAX_DECOMPRESSED_BYTES): Buffer {
  try {
    switch (typeId) {
      case CompressionType.none:
        return data;
      case CompressionType.gzip:
        return gunzipSync(data, { maxOutputLength: maxBytes });
      case CompressionType.snappy:
        return snappyDecompress(data, maxBytes);
      case CompressionType.lz4:
        return lz4Decompress(data, maxBytes);
      case CompressionType.zstd:
        return zstdDecompress(data, maxBytes);
    }
  } catch (error) {
    if (error instanceof RecordsError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecordsError(ErrorCode.CORRUPT_MESSAGE, `The records do not decompress: ${reason}.`, { cause: error });
  }
  throw new RecordsError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `Compression type id ${typeId} does not exist.`);
}
