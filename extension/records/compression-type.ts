/** The codecs of record batches: the low three bits of `attributes`. */
export const CompressionType = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export type CompressionType = (typeof CompressionType)[keyof typeof CompressionType];

/** The name as `compression.type` and Kafka's tools spell it. */
export type CompressionName = keyof typeof CompressionType;

const names: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** The codec's name, or undefined for an id that Kafka does not define. */
export function compressionName(id: number): CompressionName | undefined {
  return names[id];
}

export function isCompressionType(id: number): id is CompressionType {
  return id >= 0 && id < names.length;
}
