import type { MessagesFilter, TimeFilter } from '../../shared/messages-contract.ts';
import type { BufferEntry } from './message-buffer.ts';
import type { SourceRecord } from './message-source.ts';

/** Bytes of one key, value or header that are searched; what lies behind is not found. */
const SEARCHED_BYTES = 1024 * 1024;

/** Whether an entry passes the filter, time left aside. Notes pass every text: what is missing should be seen. */
export function contentFilter({ partitions, text }: MessagesFilter): (entry: BufferEntry) => boolean {
  const wanted = partitions === null ? null : new Set(partitions);
  const needle = text.trim().toLowerCase();
  return (entry) => {
    const { partition } = entry.kind === 'record' ? entry.record : entry.note;
    if (wanted !== null && !wanted.has(partition)) return false;
    return needle === '' || entry.kind === 'note' || holds(entry.record, needle);
  };
}

function holds({ key, value, headers }: SourceRecord, needle: string): boolean {
  return (
    bytesHold(value, needle) ||
    bytesHold(key, needle) ||
    headers.some((header) => header.key.toLowerCase().includes(needle) || bytesHold(header.value, needle))
  );
}

function bytesHold(bytes: Uint8Array | null, needle: string): boolean {
  if (bytes === null || bytes.length === 0) return false;
  const searched = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SEARCHED_BYTES));
  return searched.toString('utf8').toLowerCase().includes(needle);
}

/** The times that pass, at `nowMs`; `toMs` exclusive. */
export function timeRange(time: TimeFilter | null, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  if (time === null) return { fromMs: -Infinity, toMs: Infinity };
  if (time.kind === 'last') return { fromMs: nowMs - time.lastMs, toMs: Infinity };
  return { fromMs: time.fromMs, toMs: time.toMs };
}

/** Whether nothing is filtered. */
export function isOpen({ partitions, time, text }: MessagesFilter): boolean {
  return partitions === null && time === null && text.trim() === '';
}
