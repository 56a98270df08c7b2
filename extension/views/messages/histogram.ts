import type { Histogram } from '../../shared/messages-contract.ts';

const MAX_BINS = 96;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Widths that people can name. */
const WIDTHS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY),
];

/** Counts over time in at most 97 bins of a nameable width. Null without timestamps; those below 0 are no times. */
export function histogramOf(timestampsMs: Iterable<number>): Histogram | null {
  const times: number[] = [];
  let earliest = Infinity;
  let latest = -Infinity;
  for (const time of timestampsMs) {
    if (time < 0) continue;
    times.push(time);
    if (time < earliest) earliest = time;
    if (time > latest) latest = time;
  }
  if (times.length === 0) return null;
  const span = latest - earliest;
  const binMs = WIDTHS_MS.find((width) => span / width <= MAX_BINS) ?? Math.ceil(span / MAX_BINS);
  const fromMs = Math.floor(earliest / binMs) * binMs;
  const counts = new Array<number>(Math.floor((latest - fromMs) / binMs) + 1).fill(0);
  for (const time of times) counts[Math.floor((time - fromMs) / binMs)]!++;
  return { fromMs, binMs, counts };
}
