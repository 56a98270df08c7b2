import { previewBytes } from '../../shared/bytes-text.ts';
import { formatCount, formatTime, plural } from '../../shared/format.ts';
import { VarintReader } from '../../records/varint.ts';
import type { KnownRecords } from './known-records.ts';
import { TINTS, branch, leaf } from './lazy-node.ts';
import type { LazyNode } from './lazy-node.ts';

const PREVIEW_CHARACTERS = 80;
const FULL_CHARACTERS = 2000;

/** What the records of a batch have in common. */
export interface BatchOfRecords {
  /** The records, one after the other; of the file, or what was compressed there. */
  readonly bytes: Buffer;
  /** Where `bytes` begin in the file; null when they were compressed. */
  readonly fileStart: number | null;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** The time of every record where the broker set it. */
  readonly appendTime: number | undefined;
  readonly known: KnownRecords | undefined;
}

/** Where records begin, in order; ends where one does not fit, with the reason. */
export function findRecords(
  bytes: Buffer,
  from: number,
  end: number,
  count: number,
): { readonly starts: readonly number[]; readonly end: number; readonly problem?: string } {
  const starts: number[] = [];
  const reader = new VarintReader(bytes, from, end);
  let at = from;
  while (starts.length < count) {
    try {
      reader.position = at;
      const length = reader.varint();
      if (length < 0 || length > end - reader.position) {
        return { starts, end: at, problem: `Record ${starts.length} claims ${formatCount(length)} bytes.` };
      }
      starts.push(at);
      at = reader.position + length;
    } catch (error) {
      return { starts, end: at, problem: (error as Error).message };
    }
  }
  if (at === end) return { starts, end: at };
  return { starts, end: at, problem: `${plural(end - at, 'byte')} follow the last record.` };
}

/** The offset of the record at `start`; NaN where its head cannot be read. */
export function offsetAt({ bytes, baseOffset }: BatchOfRecords, start: number, end: number): number {
  try {
    const reader = new VarintReader(bytes, start, end);
    reader.varint();
    reader.position++;
    reader.varlong();
    return baseOffset + reader.varint();
  } catch {
    return NaN;
  }
}

/** A record at `start` of the batch's bytes, up to `end`, with a leaf for each of its fields. */
export function recordNode(batch: BatchOfRecords, start: number, end: number): LazyNode {
  try {
    return readRecord(batch, start, end);
  } catch (error) {
    const problem = (error as Error).message;
    const at = batch.fileStart === null ? null : batch.fileStart + start;
    return leaf({ label: 'record', value: 'unreadable', at, size: end - start, icon: 'unknown', tint: 0, problem });
  }
}

function readRecord(batch: BatchOfRecords, start: number, end: number): LazyNode {
  const fields = new FieldReader(batch, start, end);
  fields.varint('length', 'Bytes that follow.');
  fields.int8('attributes', 'Not used by Kafka.');
  const timestampDelta = fields.varlong('timestampDelta', 'Milliseconds after the base timestamp.', (delta) =>
    formatTime(batch.appendTime ?? batch.baseTimestamp + delta),
  );
  const offsetDelta = fields.varint(
    'offsetDelta',
    'Added to the base offset.',
    (delta) => `offset ${formatCount(batch.baseOffset + delta)}`,
  );
  const key = fields.bytesField('key');
  const value = fields.bytesField('value');
  fields.headers();
  const decoded = batch.known?.decode(key, value);
  if (decoded !== undefined) fields.nodes.push(decoded);
  const offset = batch.baseOffset + offsetDelta;
  const time = formatTime(batch.appendTime ?? batch.baseTimestamp + timestampDelta);
  return branch(
    {
      label: formatCount(offset),
      value: decoded === undefined ? describeRecord(key, value) : describeDecoded(decoded),
      at: fields.place(start),
      size: end - start,
      icon: 'record',
      tint: 0,
      about: `Record at offset ${formatCount(offset)}, ${time}.`,
    },
    fields.nodes,
  );
}

function describeDecoded({ node }: LazyNode): string {
  return node.value === '' ? node.label : `${node.label} · ${node.value}`;
}

function describeRecord(key: Buffer | null, value: Buffer | null): string {
  const shown =
    value === null ? 'tombstone' : value.length === 0 ? 'empty' : previewBytes(value, PREVIEW_CHARACTERS).text;
  return key === null ? shown : `${previewBytes(key, PREVIEW_CHARACTERS).text} → ${shown}`;
}

/** Reads the fields of one record, making a node of each. */
class FieldReader {
  readonly nodes: LazyNode[] = [];
  readonly #batch: BatchOfRecords;
  readonly #reader: VarintReader;

  constructor(batch: BatchOfRecords, start: number, end: number) {
    this.#batch = batch;
    this.#reader = new VarintReader(batch.bytes, start, end);
  }

  place(at: number): number | null {
    return this.#batch.fileStart === null ? null : this.#batch.fileStart + at;
  }

  varint(label: string, about: string, meaning?: (value: number) => string): number {
    return this.#number(label, about, () => this.#reader.varint(), meaning);
  }

  varlong(label: string, about: string, meaning?: (value: number) => string): number {
    return this.#number(label, about, () => this.#reader.varlong(), meaning);
  }

  int8(label: string, about: string): number {
    return this.#number(label, about, () => {
      if (this.#reader.position >= this.#reader.end) throw new RangeError('The record ends before its attributes.');
      return this.#batch.bytes.readInt8(this.#reader.position++);
    });
  }

  bytesField(name: string): Buffer | null {
    const length = this.varint(`${name} length`, '-1 for none.');
    if (length < 0) return null;
    const bytes = this.#take(length);
    this.#push(name, bytes.length === 0 ? 'empty' : previewBytes(bytes, FULL_CHARACTERS).text, bytes.length, 'text');
    return bytes;
  }

  headers(): void {
    const count = this.varint('header count', 'Headers that follow.');
    if (count < 0) throw new RangeError(`The record claims ${count} headers.`);
    for (let i = 0; i < count; i++) {
      this.bytesField(`header ${i} key`);
      this.bytesField(`header ${i} value`);
    }
    const rest = this.#reader.end - this.#reader.position;
    this.#reader.position += rest;
    if (rest > 0) this.#push('not part of any field', '', rest, 'unknown');
  }

  #number(label: string, about: string, read: () => number, meaning?: (value: number) => string): number {
    const start = this.#reader.position;
    const value = read();
    const text = meaning === undefined ? formatCount(value) : `${formatCount(value)} · ${meaning(value)}`;
    this.#push(label, text, this.#reader.position - start, 'field', about);
    return value;
  }

  #take(length: number): Buffer {
    const start = this.#reader.position;
    if (length > this.#reader.end - start) {
      throw new RangeError(`A field claims ${formatCount(length)} bytes, beyond the end of its record.`);
    }
    this.#reader.position = start + length;
    return this.#batch.bytes.subarray(start, start + length);
  }

  /** The field that ends where the reader stands. */
  #push(label: string, value: string, size: number, icon: 'field' | 'text' | 'unknown', about?: string): void {
    this.nodes.push(
      leaf({
        label,
        value,
        at: this.place(this.#reader.position - size),
        size,
        icon,
        tint: this.nodes.length % TINTS,
        ...(about === undefined ? {} : { about }),
      }),
    );
  }
}
