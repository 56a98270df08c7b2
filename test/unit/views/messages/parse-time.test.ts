import { expect, test } from 'vitest';
import { parseTime } from '../../../../extension/views/messages/parse-time.ts';

const now = new Date(2026, 2, 1, 15, 0, 0, 0).getTime();

test.each([
  ['10 min', now - 600_000],
  ['1.5h ago', now - 5_400_000],
  ['3d', now - 259_200_000],
  ['1772366647123', 1_772_366_647_123],
  ['12:04', new Date(2026, 2, 1, 12, 4).getTime()],
  ['2026-02-28', new Date(2026, 1, 28).getTime()],
  ['2026-02-28 09:30', new Date(2026, 1, 28, 9, 30).getTime()],
  ['2026-02-28T09:30:05.250Z', Date.UTC(2026, 1, 28, 9, 30, 5, 250)],
])('%s', (text, time) => {
  expect(parseTime(text, now)).toBe(time);
});

test.each(['', 'yesterday', '25:00', '10 apples', '2026-13-01', '2026-02-28 9', 'x 10 min'])(
  '%j is no time',
  (text) => {
    expect(parseTime(text, now)).toBeUndefined();
  },
);
