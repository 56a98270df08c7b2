import type { SourceNote, SourceRecord } from './message-source.ts';

export type BufferEntry =
  | { readonly kind: 'record'; readonly record: SourceRecord; passes: boolean }
  | { readonly kind: 'note'; readonly note: SourceNote; passes: boolean };

/** What a record takes besides its bytes, roughly. */
const OVERHEAD_BYTES = 200;

/**
 * The last records read, bounded in number and in bytes; the oldest go first. Entries have sequence numbers, which grow by
 * one each and are never used again.
 */
export class MessageBuffer {
  readonly capacity: number;
  readonly maxBytes: number;
  #entries: (BufferEntry | undefined)[] = [];
  #first = 0;
  #end = 0;
  #bytes = 0;
  #undecodable = 0;

  constructor(capacity: number, maxBytes: number) {
    this.capacity = capacity;
    this.maxBytes = maxBytes;
  }

  /** Sequence number of the oldest entry. */
  get first(): number {
    return this.#first;
  }

  /** The one after the newest. */
  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Notes among the entries. */
  get undecodable(): number {
    return this.#undecodable;
  }

  get isFull(): boolean {
    return this.length >= this.capacity || this.#bytes >= this.maxBytes;
  }

  /** Answers what the entry takes, in bytes. */
  push(entry: BufferEntry): number {
    if (this.length === this.capacity) this.#dropOldest();
    this.#entries[this.#end % this.capacity] = entry;
    this.#end++;
    const size = sizeOf(entry);
    this.#bytes += size;
    if (entry.kind === 'note') this.#undecodable++;
    // The newest stays, however large it is.
    while (this.#bytes > this.maxBytes && this.length > 1) this.#dropOldest();
    return size;
  }

  /** Undefined once it is gone. */
  get(sequence: number): BufferEntry | undefined {
    if (sequence < this.#first || sequence >= this.#end) return undefined;
    return this.#entries[sequence % this.capacity];
  }

  clear(): void {
    this.#entries = [];
    this.#first = this.#end;
    this.#bytes = 0;
    this.#undecodable = 0;
  }

  #dropOldest(): void {
    const slot = this.#first % this.capacity;
    const entry = this.#entries[slot];
    this.#entries[slot] = undefined;
    this.#first++;
    if (entry === undefined) return;
    this.#bytes -= sizeOf(entry);
    if (entry.kind === 'note') this.#undecodable--;
  }
}

function sizeOf(entry: BufferEntry): number {
  if (entry.kind === 'note') return OVERHEAD_BYTES + entry.note.message.length * 2;
  const { key, value, headers } = entry.record;
  let size = OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) size += header.key.length * 2 + (header.value?.length ?? 0);
  return size;
}
