/** One header of a record; keys may repeat. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** One record, decoded. `key`, `value` and header values are slices of the (decompressed) batch. Times in ms. */
export interface KafkaRecord {
  readonly offset: number;
  /** The producer's time, or the broker's where the batch says so. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** A record to write. */
export interface NewRecord {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly timestamp?: number;
  readonly headers?: readonly RecordHeader[];
  /** For gaps, as compaction leaves them; by default the offset after the last one. */
  readonly offset?: number;
}

export const NO_HEADERS: readonly RecordHeader[] = [];
