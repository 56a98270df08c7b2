import { readFileSync } from 'node:fs';
import { decodeProducerSnapshot } from '../engine/log/producer-snapshot.ts';
import { readInt64 } from '../records/int64.ts';
import * as batch from '../records/record-batch.ts';
import { batchesOf, optionalLong } from './dump-log-batches.ts';

const OFFSET_ENTRY_SIZE = 8;
const TIME_ENTRY_SIZE = 12;
const TRANSACTION_ENTRY_SIZE = 34;

export interface OffsetEntry {
  readonly offset: number;
  readonly position: number;
}

export interface TimeEntry {
  readonly timestamp: number;
  readonly offset: number;
}

/** The offset in a file's name. Throws Error when it has none. */
export function baseOffsetOf(path: string): number {
  const match = /(?:^|[\\/])(\d+)[^\\/]*$/.exec(path);
  if (match === null) throw new Error(`${path} does not begin with an offset`);
  return Number(match[1]);
}

/** Entries of a fixed size up to the zeros with which Kafka fills an index in advance. */
function entriesOf<T>(path: string, size: number, read: (bytes: Buffer, at: number) => T): T[] {
  const bytes = readFileSync(path);
  const entries: T[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    if (bytes.subarray(at, at + size).every((byte) => byte === 0)) break;
    entries.push(read(bytes, at));
  }
  return entries;
}

export function offsetEntries(path: string): OffsetEntry[] {
  const base = baseOffsetOf(path);
  return entriesOf(path, OFFSET_ENTRY_SIZE, (bytes, at) => ({
    offset: base + bytes.readInt32BE(at),
    position: bytes.readInt32BE(at + 4),
  }));
}

export function timeEntries(path: string): TimeEntry[] {
  const base = baseOffsetOf(path);
  return entriesOf(path, TIME_ENTRY_SIZE, (bytes, at) => ({
    timestamp: readInt64(bytes, at),
    offset: base + bytes.readInt32BE(at + 8),
  }));
}

/** What broker start-up checks too: whole entries that ascend. Undefined when all is well. */
export function sanityProblem(path: string, kind: 'offset' | 'time'): string | undefined {
  const size = kind === 'offset' ? OFFSET_ENTRY_SIZE : TIME_ENTRY_SIZE;
  const length = readFileSync(path).length;
  if (length % size !== 0) return `${length} bytes are not a multiple of the ${size} bytes of an entry`;
  const entries = kind === 'offset' ? offsetEntries(path) : timeEntries(path);
  const wrong = entries.findIndex(({ offset }, index) => index > 0 && offset < entries[index - 1]!.offset);
  return wrong < 0 ? undefined : `entry ${wrong} has an offset below the one before it`;
}

/** Where an index and its log do not agree; one line each. */
export function offsetMismatches(path: string, logPath: string): string[] {
  const problems: string[] = [];
  for (const { offset, position } of offsetEntries(path)) {
    const [found] = batchesOf(logPath, { headersOnly: true, from: position, maxBytes: 1 });
    const lastOffset = found === undefined ? -1 : batch.lastOffset(found.bytes, 0);
    if (lastOffset !== offset) problems.push(`Index offset: ${offset}, log offset: ${lastOffset}`);
  }
  return problems;
}

export interface TimeProblems {
  readonly mismatches: readonly string[];
  readonly outOfOrder: readonly string[];
  readonly missing: readonly string[];
}

export function timeMismatches(path: string, logPath: string): TimeProblems {
  const timestamps = new Map<number, number>();
  for (const { bytes } of batchesOf(logPath, { headersOnly: true })) {
    timestamps.set(batch.lastOffset(bytes, 0), batch.maxTimestamp(bytes, 0));
  }
  const problems = { mismatches: [] as string[], outOfOrder: [] as string[], missing: [] as string[] };
  let previous = -1;
  for (const { timestamp, offset } of timeEntries(path)) {
    const inLog = timestamps.get(offset);
    if (inLog === undefined) problems.missing.push(`Indexed offset: ${offset}, not the last offset of a batch`);
    else if (inLog !== timestamp) problems.mismatches.push(`Index timestamp: ${timestamp}, log timestamp: ${inLog}`);
    if (timestamp < previous) {
      problems.outOfOrder.push(`Index timestamp: ${timestamp}, Previously indexed timestamp: ${previous}`);
    }
    previous = timestamp;
  }
  return problems;
}

export function transactionIndexLines(path: string): string[] {
  const bytes = readFileSync(path);
  const lines: string[] = [];
  for (let at = 0; at + TRANSACTION_ENTRY_SIZE <= bytes.length; at += TRANSACTION_ENTRY_SIZE) {
    lines.push(
      `version: ${bytes.readInt16BE(at)} producerId: ${readInt64(bytes, at + 2)} firstOffset: ${readInt64(bytes, at + 10)} ` +
        `lastOffset: ${readInt64(bytes, at + 18)} lastStableOffset: ${readInt64(bytes, at + 26)}`,
    );
  }
  return lines;
}

/** Throws ProducerSnapshotError when the file is damaged. */
export function producerSnapshotLines(path: string): string[] {
  return decodeProducerSnapshot(readFileSync(path)).map((entry) => {
    const first = entry.currentTransactionFirstOffset;
    const state =
      `producerId: ${entry.producerId} producerEpoch: ${entry.producerEpoch} coordinatorEpoch: ${entry.coordinatorEpoch} ` +
      `currentTxnFirstOffset: ${optionalLong(first < 0 ? undefined : first)} lastTimestamp: ${entry.lastTimestampMs}`;
    const last = entry.batches[0];
    if (last === undefined) return state;
    const firstSequence = last.lastSequence - last.offsetDelta;
    return (
      `${state} firstSequence: ${firstSequence < 0 ? firstSequence + 0x8000_0000 : firstSequence} ` +
      `lastSequence: ${last.lastSequence} lastOffset: ${last.lastOffset} offsetDelta: ${last.offsetDelta} ` +
      `timestamp: ${last.timestampMs}`
    );
  });
}
