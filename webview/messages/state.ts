import { formatCount, formatDuration, formatRanges, formatTime } from '../../extension/shared/format.ts';
import type {
  Histogram,
  MessagesFilter,
  MessagesFrom,
  MessagesStatus,
  TimeFilter,
} from '../../extension/shared/messages-contract.ts';

/** Reads `0-2, 5` (or nothing, for all). Undefined when it is something else. */
export function parsePartitions(text: string): readonly number[] | null | undefined {
  if (text.trim() === '') return null;
  const found = new Set<number>();
  for (const part of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const match = /^(\d{1,6})(?:[-–](\d{1,6}))?$/.exec(part);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (to < from || to - from > 100_000) return undefined;
    for (let partition = from; partition <= to; partition++) found.add(partition);
  }
  return [...found].sort((a, b) => a - b);
}

/** The choices of the time filter besides a brushed range. */
export const TIME_CHOICES: readonly { readonly label: string; readonly lastMs: number | null }[] = [
  { label: 'All time', lastMs: null },
  { label: 'Last minute', lastMs: 60_000 },
  { label: 'Last 5 minutes', lastMs: 300_000 },
  { label: 'Last 10 minutes', lastMs: 600_000 },
  { label: 'Last hour', lastMs: 3_600_000 },
  { label: 'Last 24 hours', lastMs: 86_400_000 },
];

export function isFiltered({ partitions, time, text }: MessagesFilter): boolean {
  return partitions !== null || time !== null || text.trim() !== '';
}

/** `3,120 of 48,210 · P0–2 · last 10 min · 2 undecodable` */
export function describeShown(status: MessagesStatus): string {
  const { first, end, buffered, filter, shownPartitions, undecodable } = status;
  const parts = [
    isFiltered(filter) ? `${formatCount(end - first)} of ${formatCount(buffered)}` : formatCount(buffered),
    ...(shownPartitions.length === 0 ? [] : [`P${formatRanges(shownPartitions)}`]),
    ...(filter.time === null ? [] : [describeTime(filter.time)]),
    ...(undecodable === 0 ? [] : [`${formatCount(undecodable)} undecodable`]),
  ];
  return parts.join(' · ');
}

export function describeTime(time: TimeFilter): string {
  if (time.kind === 'last') return `last ${formatDuration(time.lastMs)}`;
  return `${formatTime(time.fromMs)} to ${formatTime(time.toMs)}`;
}

export function describeFrom(from: MessagesFrom): string {
  switch (from.kind) {
    case 'beginning':
      return 'From beginning';
    case 'end':
      return 'From end';
    case 'last':
      return `Last ${formatCount(from.count)}`;
    case 'offset':
      return `From offset ${formatCount(from.offset)}`;
    case 'timestamp':
      return `From ${formatTime(from.timestampMs)}`;
  }
}

/** `live`, `reading 34 %`, … */
export function describeReading({ reading, filtering }: MessagesStatus): string {
  if (filtering !== null) return `filtering ${Math.floor(filtering * 100)} %`;
  if (reading.state === 'reading') {
    return reading.share === null ? 'reading' : `reading ${Math.floor(reading.share * 100)} %`;
  }
  return reading.state === 'disconnected' ? 'offline' : reading.state;
}

/** Where the reader stands in the grid, by place; follows the end only when asked to. */
export class ReaderPlace {
  first = 0;
  end = 0;
  revision = -1;
  /** Whether new rows pull the grid along. */
  follows: boolean;
  /** The end when the reader left it. */
  #leftAt = 0;
  #isLive = false;

  constructor(follows: boolean) {
    this.follows = follows;
  }

  get rowCount(): number {
    return this.end - this.first;
  }

  /** Rows that came since the reader left the end. */
  get unseen(): number {
    return this.follows ? 0 : Math.max(0, this.end - Math.max(this.#leftAt, this.first));
  }

  /** Takes a status; answers how many rows went away at the top, and whether everything is different now. */
  apply(status: Pick<MessagesStatus, 'first' | 'end' | 'revision' | 'from' | 'reading'>): {
    dropped: number;
    isNew: boolean;
  } {
    // What was there already when reading began is not news.
    const wasLive = this.#isLive;
    this.#isLive = status.reading.state === 'live';
    if (status.revision !== this.revision) {
      const isFirst = this.revision < 0;
      this.revision = status.revision;
      this.first = status.first;
      this.end = status.end;
      this.#leftAt = status.end;
      if (isFirst) this.follows = status.from.kind === 'end' || status.from.kind === 'last';
      return { dropped: 0, isNew: true };
    }
    const dropped = status.first - this.first;
    this.first = status.first;
    this.end = status.end;
    if (this.follows || !wasLive) this.#leftAt = status.end;
    return { dropped, isNew: false };
  }

  /** The reader moved; `isAtEnd` says where to. */
  moved(isAtEnd: boolean): void {
    if (this.follows && !isAtEnd) this.#leftAt = this.end;
    this.follows = isAtEnd;
  }
}

/** The bins from one pointer position to another, 0 to 1 along the axis, as a range of times. */
export function brushedRange(histogram: Histogram, a: number, b: number): TimeFilter {
  const bins = histogram.counts.length;
  const clamp = (share: number): number => Math.min(0.999999, Math.max(0, share));
  const first = Math.floor(clamp(Math.min(a, b)) * bins);
  const last = Math.floor(clamp(Math.max(a, b)) * bins);
  const at = (bin: number): number => histogram.fromMs + bin * histogram.binMs;
  return { kind: 'range', fromMs: at(first), toMs: at(last + 1) };
}
