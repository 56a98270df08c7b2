import type { MessagesFilter } from '../../shared/messages-contract.ts';
import type { BufferEntry, MessageBuffer } from './message-buffer.ts';
import { contentFilter, timeRange } from './message-filter.ts';
import { NumberQueue } from './number-queue.ts';

/**
 * The entries of a buffer that pass a filter, in order, by place. Entries are judged once each, in steps, so that a new
 * filter over a million records does not hold up the extension host; what is new waits in the same line.
 */
export class FilteredPlaces {
  readonly #buffer: MessageBuffer;
  readonly #time: MessagesFilter['time'];
  readonly #passes: (entry: BufferEntry) => boolean;
  readonly #sequences = new NumberQueue();
  #first = 0;
  /** The sequence number to be judged next. */
  #next: number;
  readonly #startedAt: number;
  readonly #startedEnd: number;

  constructor(buffer: MessageBuffer, filter: MessagesFilter) {
    this.#buffer = buffer;
    this.#time = filter.time;
    this.#passes = contentFilter(filter);
    this.#next = buffer.first;
    this.#startedAt = buffer.first;
    this.#startedEnd = buffer.end;
  }

  /** Place of the oldest that passes. */
  get first(): number {
    return this.#first;
  }

  /** The one after the newest. */
  get end(): number {
    return this.#first + this.#sequences.length;
  }

  get isUpToDate(): boolean {
    return this.#next === this.#buffer.end;
  }

  /** How much of what was there when the filter was set has been judged, 0 to 1; null when all. */
  get share(): number | null {
    if (this.#next >= this.#startedEnd) return null;
    return (this.#next - this.#startedAt) / (this.#startedEnd - this.#startedAt);
  }

  get(place: number): BufferEntry | undefined {
    if (place < this.#first || place >= this.end) return undefined;
    return this.#buffer.get(this.#sequences.at(place - this.#first));
  }

  /** Judges entries while `mayGoOn()`; asked every few hundred entries. */
  advance(nowMs: number, mayGoOn: () => boolean): void {
    const { fromMs, toMs } = timeRange(this.#time, nowMs);
    this.#next = Math.max(this.#next, this.#buffer.first);
    for (let done = 1; this.#next < this.#buffer.end; done++) {
      const entry = this.#buffer.get(this.#next);
      if (entry !== undefined) {
        entry.passes = this.#passes(entry);
        if (entry.passes && isWithin(entry, fromMs, toMs)) this.#sequences.push(this.#next);
      }
      this.#next++;
      if (done % 256 === 0 && !mayGoOn()) break;
    }
    this.#dropPassed(fromMs);
  }

  /** Timestamps of what passes but for its time. */
  *timestamps(): Generator<number, void> {
    for (let sequence = this.#buffer.first; sequence < this.#next; sequence++) {
      const entry = this.#buffer.get(sequence);
      if (entry?.kind === 'record' && entry.passes) yield entry.record.timestampMs;
    }
  }

  /** Takes away what the buffer has dropped, and what has become too old for "the last minutes". */
  #dropPassed(fromMs: number): void {
    const slides = this.#time?.kind === 'last';
    while (this.#sequences.length > 0) {
      const entry = this.#buffer.get(this.#sequences.at(0));
      if (entry !== undefined && !(slides && !isWithin(entry, fromMs, Infinity))) return;
      this.#sequences.shift();
      this.#first++;
    }
  }
}

function isWithin(entry: BufferEntry, fromMs: number, toMs: number): boolean {
  if (entry.kind === 'note') return true;
  const { timestampMs } = entry.record;
  return timestampMs >= fromMs && timestampMs < toMs;
}
