const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * A point in time as people write it: `10 min` (ago), `12:04` (today), `2026-03-01`, `2026-03-01 12:04:07.123`, with `Z` or
 * an offset if wanted, or milliseconds since 1970. In the reader's time zone; undefined for anything else.
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const given = text.trim();
  const ago = /^(\d{1,9}(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?$/i.exec(given);
  if (ago !== null) {
    const unitMs = UNITS_MS[(ago[2] as string).toLowerCase()];
    return unitMs === undefined ? undefined : Math.round(nowMs - Number(ago[1]) * unitMs);
  }
  if (/^\d{10,16}$/.test(given)) return Number(given);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(given);
  if (clock !== null) {
    const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
    if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
    return new Date(nowMs).setHours(hours, minutes, seconds, 0);
  }
  if (!/^\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$/i.test(given))
    return undefined;
  // A day alone would be read as midnight in UTC.
  const parsed = new Date(given.length === 10 ? `${given}T00:00` : given.replace(' ', 'T')).getTime();
  return Number.isNaN(parsed) ? undefined : parsed;
}
