import type { MessagesFrom } from '../../shared/messages-contract.ts';

/** A record as it was read; `key`, `value` and header values may be slices of larger buffers. */
export interface SourceRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly timestampType: 'create' | 'logAppend';
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

/** Bytes that could not be read as records, and what became of them. */
export interface SourceNote {
  readonly partition: number;
  readonly offset: number;
  readonly message: string;
}

/** Takes what is read. Never called before `open` has returned. */
export interface MessageSink {
  /** All partitions of the topic, sorted; before anything else. */
  partitions(all: readonly number[]): void;
  records(records: readonly SourceRecord[]): void;
  note(note: SourceNote): void;
  /** How much of what was there at the start has been read: 0 to 1; null when unknown. 1 means that reading is live. */
  progress(share: number | null): void;
  /** A broker does not answer and is tried again (then with what it says), or all is well again (null). */
  waiting(error: Error | null): void;
  /** Reading has ended; nothing more comes. */
  failed(error: unknown): void;
}

export interface MessageRequest {
  readonly topic: string;
  /** All when absent. */
  readonly partitions?: readonly number[];
  readonly from: MessagesFrom;
  /** Goes on at these offsets instead, by partition; `from` counts for the others. */
  readonly resumeAt?: ReadonlyMap<number, number>;
}

/** Reading under way. After `pause` a few more records may come. */
export interface MessageReading {
  pause(): void;
  resume(): void;
  close(): void;
  /** The offset after what was read, by partition. */
  readonly positions: ReadonlyMap<number, number>;
}

/** Reads a topic without joining a group. */
export interface MessageSource {
  open(request: MessageRequest, sink: MessageSink): MessageReading;
}
