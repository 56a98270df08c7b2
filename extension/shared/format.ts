/** Numbers, sizes and times as every view, tree row and hover writes them. */

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `48,210`; a dash where nothing is known. */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : integers.format(value);
}

/** `48k`, `1.2M`: four characters at most, for tree descriptions and axes. */
export function formatShortCount(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const units = ['k', 'M', 'G', 'T'];
  let scaled = value;
  let unit = '';
  for (let i = 0; i < units.length && scaled >= 999.5; i++) {
    scaled /= 1000;
    unit = units[i] as string;
  }
  return (scaled < 9.95 ? scaled.toFixed(1).replace(/\.0$/, '') : String(Math.round(scaled))) + unit;
}

/** `12.4 MiB`, `24 B`; three digits or so, never more than one decimal. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${UNITS[unit]}`;
}

/** Per second: `412`, `3.5`, `0`; `12k` from ten thousand on. */
export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return '–';
  if (perSecond >= 9_999.5) return formatShortCount(perSecond);
  if (perSecond >= 9.95 || perSecond === 0) return integers.format(perSecond);
  return perSecond < 0.05 ? '<0.1' : perSecond.toFixed(1).replace(/\.0$/, '');
}

const STEPS: readonly (readonly [unitMs: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
];

/** `7 d`, `36 h`, `90 min`, `250 ms`: the largest unit that says it exactly, else one decimal of the largest. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0 s';
  for (const [unitMs, name] of STEPS) {
    if (durationMs < unitMs) continue;
    const value = durationMs / unitMs;
    if (Number.isInteger(value)) return `${integers.format(value)} ${name}`;
    return `${value.toFixed(1).replace(/\.0$/, '')} ${name}`;
  }
  return `${durationMs} ms`;
}

/** `now`, `12 s ago`, `in 3 h`. */
export function formatAgo(timestampMs: number, nowMs: number): string {
  const ageMs = nowMs - timestampMs;
  const distanceMs = Math.abs(ageMs);
  if (distanceMs < 1000) return 'now';
  const [unitMs, name] = STEPS.find(([unitMs]) => distanceMs >= unitMs) ?? [1000, 's'];
  const text = `${integers.format(Math.floor(distanceMs / unitMs))} ${name}`;
  return ageMs > 0 ? `${text} ago` : `in ${text}`;
}

/** `2026-03-01 12:04:07.123` in the reader's time zone, or the number itself where it is no date. */
export function formatTime(timestampMs: number): string {
  const date = new Date(timestampMs);
  if (Number.isNaN(date.getTime())) return String(timestampMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatClock(timestampMs)}`;
}

/** `12:04:07.123` in the reader's time zone. */
export function formatClock(timestampMs: number): string {
  const date = new Date(timestampMs);
  if (Number.isNaN(date.getTime())) return String(timestampMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

/** `1 partition`, `3 partitions`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `0–2, 5`: ranges of a sorted list. */
export function formatRanges(sorted: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1] === (sorted[end] as number) + 1) end++;
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}–${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(', ');
}
