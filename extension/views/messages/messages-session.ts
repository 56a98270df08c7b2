import { previewBytes } from '../../shared/bytes-text.ts';
import { DETAIL_LIMIT_BYTES, MESSAGES_PAGE_SIZE, NO_FILTER } from '../../shared/messages-contract.ts';
import type {
  DetailBytes,
  Histogram,
  MessageDetail,
  MessageRow,
  MessagesFilter,
  MessagesFrom,
  MessagesReading,
  MessagesStatus,
} from '../../shared/messages-contract.ts';
import type { FeedClock, Trouble } from '../offsets/offsets-feed.ts';
import { FilteredPlaces } from './filtered-places.ts';
import { histogramOf } from './histogram.ts';
import { MessageBuffer } from './message-buffer.ts';
import type { BufferEntry } from './message-buffer.ts';
import type { MessageReading, MessageSource, SourceRecord } from './message-source.ts';

export interface SessionOptions {
  readonly cluster: string;
  readonly topic: string;
  /** Reads only this one. */
  readonly partition?: number;
  readonly source: MessageSource;
  readonly clock: FeedClock;
  /** Called at most ten times a second. */
  readonly send: (status: MessagesStatus) => void;
  readonly describe: (error: unknown) => Trouble | 'gone';
  readonly capacity: number;
  readonly maxBytes?: number;
  readonly from: MessagesFrom;
  readonly filter?: MessagesFilter;
}

/** States that progress may change. */
const GOING: ReadonlySet<MessagesReading['state']> = new Set(['loading', 'reading', 'live', 'waiting']);
const STATUS_INTERVAL_MS = 100;
const HISTOGRAM_INTERVAL_MS = 1000;
/** The longest that filtering may hold up the extension host at a time. */
const SLICE_MS = 8;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const KEY_PREVIEW = 120;
const VALUE_PREVIEW = 400;

/**
 * The records of one topic that one view looks at: reads into a bounded buffer, filters, answers pages. Reading states:
 * loading → reading → live; reading → full (buffer filled with what was asked for) → reading; reading | live → paused |
 * waiting → back; any → disconnected → (reconnect) loading; any → gone; every seek starts over.
 */
export class MessagesSession {
  readonly #options: SessionOptions;
  readonly #buffer: MessageBuffer;
  #places: FilteredPlaces;
  #filter: MessagesFilter;
  #from: MessagesFrom;
  #revision = 1;
  #reading: MessageReading | undefined;
  #state: MessagesReading = { state: 'loading' };
  #share: number | null = null;
  #partitions: readonly number[] = [];
  /** Where the last reading ended. */
  #positions: ReadonlyMap<number, number> | undefined;
  /** What may still be read before the buffer counts as full; it does so only while reading is behind the end. */
  #allowance = { records: 0, bytes: 0 };
  #histogram: Histogram | null = null;
  #histogramAtMs = -Infinity;
  #isHistogramOld = false;
  #cancelSend: (() => void) | undefined;
  #cancelSlice: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#buffer = new MessageBuffer(options.capacity, options.maxBytes ?? DEFAULT_MAX_BYTES);
    this.#filter = options.filter ?? NO_FILTER;
    this.#from = options.from;
    this.#places = new FilteredPlaces(this.#buffer, this.#filter);
  }

  /** Begins to read, from the start of what was asked for. */
  start(): void {
    this.#open(undefined);
  }

  /** After a lost connection: goes on where reading ended, and keeps what was read. */
  reconnect(): void {
    if (this.#state.state === 'disconnected') this.#open(this.#positions);
  }

  /** The cluster has gone, whatever the reading says about it. */
  disconnect(error: unknown): void {
    if (this.#state.state === 'gone') return;
    this.#failed(error);
  }

  #open(resumeAt: ReadonlyMap<number, number> | undefined): void {
    this.#reading?.close();
    this.#reading = undefined;
    this.#setState({ state: 'loading' });
    this.#share = null;
    this.#allowance = this.#wholeBuffer;
    const { source, topic, partition } = this.#options;
    // A reading that was closed may still have something to say; only the current one counts.
    const whenCurrent =
      <T>(take: (value: T) => void): ((value: T) => void) =>
      (value) => {
        if (this.#reading === reading) take(value);
      };
    const reading = source.open(
      {
        topic,
        from: this.#from,
        ...(partition === undefined ? {} : { partitions: [partition] }),
        ...(resumeAt === undefined ? {} : { resumeAt }),
      },
      {
        partitions: whenCurrent((all) => this.#setPartitions(all)),
        records: whenCurrent((records) => this.#addRecords(records)),
        note: whenCurrent((note) => this.#add([{ kind: 'note', note, passes: false }])),
        progress: whenCurrent((share) => this.#progress(share)),
        waiting: whenCurrent((error) => this.#waiting(error)),
        failed: whenCurrent((error) => this.#failed(error)),
      },
    );
    this.#reading = reading;
  }

  get status(): MessagesStatus {
    this.#refreshHistogram();
    return {
      topic: this.#options.topic,
      cluster: this.#options.cluster,
      partition: this.#options.partition ?? null,
      from: this.#from,
      reading: this.#state,
      filter: this.#filter,
      revision: this.#revision,
      first: this.#places.first,
      end: this.#places.end,
      buffered: this.#buffer.length,
      capacity: this.#buffer.capacity,
      undecodable: this.#buffer.undecodable,
      partitions: this.#partitions,
      shownPartitions: this.#filter.partitions ?? this.#partitions,
      filtering: this.#places.share,
      histogram: this.#histogram,
    };
  }

  /** A page of rows; null for a revision that has passed. */
  page(revision: number, place: number): { first: number; rows: MessageRow[] } | null {
    if (revision !== this.#revision) return null;
    const first = Math.max(place, this.#places.first);
    const end = Math.min(place + MESSAGES_PAGE_SIZE, this.#places.end);
    const rows: MessageRow[] = [];
    for (let at = first; at < end; at++) {
      const entry = this.#places.get(at);
      if (entry === undefined) break;
      rows.push(toRow(entry));
    }
    return { first, rows };
  }

  /** The record at a place, or undefined when it is gone or is a note. */
  record(revision: number, place: number): SourceRecord | undefined {
    if (revision !== this.#revision) return undefined;
    const entry = this.#places.get(place);
    return entry?.kind === 'record' ? entry.record : undefined;
  }

  detail(revision: number, place: number): MessageDetail | null {
    const record = this.record(revision, place);
    return record === undefined ? null : toDetail(record);
  }

  setFilter(filter: MessagesFilter): void {
    this.#filter = filter;
    this.#restartPlaces();
  }

  seek(from: MessagesFrom): void {
    this.#from = from;
    this.#positions = undefined;
    this.#buffer.clear();
    this.#restartPlaces();
    this.start();
  }

  clear(): void {
    this.#buffer.clear();
    this.#allowance = this.#wholeBuffer;
    this.#restartPlaces();
  }

  pause(): void {
    if (!GOING.has(this.#state.state)) return;
    this.#reading?.pause();
    this.#setState({ state: 'paused' });
  }

  resume(): void {
    const { state } = this.#state;
    if (state !== 'paused' && state !== 'full') return;
    this.#allowance = this.#wholeBuffer;
    this.#reading?.resume();
    this.#setState(this.#going);
  }

  dispose(): void {
    this.#cancelSend?.();
    this.#cancelSlice?.();
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.close();
    this.#buffer.clear();
  }

  #setPartitions(all: readonly number[]): void {
    this.#partitions = all;
    if (this.#state.state === 'loading') this.#setState({ state: 'reading', share: null });
  }

  #addRecords(records: readonly SourceRecord[]): void {
    const bytes = this.#add(records.map((record) => ({ kind: 'record', record, passes: false })));
    if (this.#state.state !== 'reading' || this.#share === 1) return;
    this.#allowance = { records: this.#allowance.records - records.length, bytes: this.#allowance.bytes - bytes };
    if (this.#allowance.records > 0 && this.#allowance.bytes > 0) return;
    this.#reading?.pause();
    this.#setState({ state: 'full' });
  }

  /** Answers what the entries take, in bytes. */
  #add(entries: readonly BufferEntry[]): number {
    let bytes = 0;
    for (const entry of entries) bytes += this.#buffer.push(entry);
    this.#advance();
    return bytes;
  }

  get #wholeBuffer(): { records: number; bytes: number } {
    return { records: this.#buffer.capacity, bytes: this.#buffer.maxBytes };
  }

  #progress(share: number | null): void {
    this.#share = share;
    if (GOING.has(this.#state.state)) this.#setState(this.#going);
  }

  get #going(): MessagesReading {
    return this.#share === 1 ? { state: 'live' } : { state: 'reading', share: this.#share };
  }

  #waiting(error: Error | null): void {
    if (!GOING.has(this.#state.state)) return;
    this.#setState(error === null ? this.#going : { state: 'waiting', message: error.message });
  }

  #failed(error: unknown): void {
    this.#positions = this.#reading?.positions ?? this.#positions;
    this.#reading?.close();
    this.#reading = undefined;
    const trouble = this.#options.describe(error);
    this.#setState(trouble === 'gone' ? { state: 'gone' } : { state: 'disconnected', ...trouble });
  }

  #setState(state: MessagesReading): void {
    this.#state = state;
    this.#changed();
  }

  #restartPlaces(): void {
    this.#revision++;
    this.#places = new FilteredPlaces(this.#buffer, this.#filter);
    this.#histogramAtMs = -Infinity;
    this.#advance();
  }

  /** Judges what is new, a slice at a time. */
  #advance(): void {
    this.#changed();
    if (this.#cancelSlice !== undefined) return;
    this.#slice();
  }

  #slice(): void {
    this.#cancelSlice = undefined;
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    this.#places.advance(startMs, () => clock.nowMs() - startMs < SLICE_MS);
    if (this.#places.isUpToDate) return;
    this.#cancelSlice = clock.after(0, () => {
      this.#slice();
      this.#changed();
    });
  }

  #refreshHistogram(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#histogramAtMs < HISTOGRAM_INTERVAL_MS) return;
    this.#histogramAtMs = nowMs;
    this.#isHistogramOld = false;
    this.#histogram = histogramOf(this.#places.timestamps());
  }

  #changed(): void {
    this.#isHistogramOld = true;
    this.#cancelSend ??= this.#options.clock.after(STATUS_INTERVAL_MS, () => this.#send());
  }

  #send(): void {
    const { clock, send } = this.#options;
    this.#cancelSend = undefined;
    this.#places.advance(clock.nowMs(), () => false);
    send(this.status);
    // The histogram is made less often than a status is sent; the last change must not be missing from it.
    if (this.#isHistogramOld) this.#cancelSend = clock.after(HISTOGRAM_INTERVAL_MS, () => this.#send());
  }
}

function toRow(entry: BufferEntry): MessageRow {
  if (entry.kind === 'note') return { kind: 'note', ...entry.note };
  const { partition, offset, timestampMs, key, value, headers } = entry.record;
  return {
    kind: 'record',
    partition,
    offset,
    timestampMs,
    key: key === null ? null : previewBytes(key, KEY_PREVIEW),
    value: value === null ? null : previewBytes(value, VALUE_PREVIEW),
    headerCount: headers.length,
  };
}

function toDetail({ partition, offset, timestampMs, timestampType, key, value, headers }: SourceRecord): MessageDetail {
  return {
    partition,
    offset,
    timestampMs,
    timestampType,
    key: detailBytes(key),
    value: detailBytes(value),
    headers: headers.map((header) => ({ key: header.key, value: detailBytes(header.value)?.bytes ?? null })),
  };
}

/** A copy that owns its buffer, as the channel wants it. */
function detailBytes(bytes: Uint8Array | null): DetailBytes | null {
  return bytes === null
    ? null
    : { bytes: new Uint8Array(bytes.subarray(0, DETAIL_LIMIT_BYTES)), sizeBytes: bytes.length };
}
