import { expect, test } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatRanges,
  formatRate,
  formatShortCount,
  formatTime,
  plural,
} from '../../../extension/shared/format.ts';

test('counts have separators, unknown ones a dash', () => {
  expect(formatCount(48_210)).toBe('48,210');
  expect(formatCount(Number.MAX_SAFE_INTEGER)).toBe('9,007,199,254,740,991');
  expect(formatCount(null)).toBe('–');
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1k'],
  [48_210, '48k'],
  [999_499, '999k'],
  [999_500, '1M'],
  [1_240_000, '1.2M'],
  [9_960_000, '10M'],
  [5e12, '5T'],
])('%d in short is %s', (count, text) => {
  expect(formatShortCount(count)).toBe(text);
});

test.each([
  [0, '0 B'],
  [24, '24 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1_048_575, '1 MiB'],
  [12.4 * 1024 * 1024, '12.4 MiB'],
  [300 * 1024 * 1024, '300 MiB'],
  [2 ** 60, '1024 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0'],
  [0.01, '<0.1'],
  [3.5, '3.5'],
  [412.2, '412'],
  [9999, '9,999'],
  [12_000, '12k'],
  [null, '–'],
])('a rate of %s reads %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text);
});

test.each([
  [0, '0 s'],
  [250, '250 ms'],
  [604_800_000, '7 d'],
  [129_600_000, '1.5 d'],
  [5_400_000, '1.5 h'],
  [60_000, '1 min'],
])('%d ms last %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test('ages count down to whole units, both ways', () => {
  expect(formatAgo(1000, 1500)).toBe('now');
  expect(formatAgo(0, 12_900)).toBe('12 s ago');
  expect(formatAgo(0, 3 * 86_400_000)).toBe('3 d ago');
  expect(formatAgo(3 * 3_600_000 + 5, 0)).toBe('in 3 h');
});

test('times are local, to the millisecond; what is no date stays a number', () => {
  const time = new Date(2026, 2, 1, 12, 4, 7, 123).getTime();
  expect(formatTime(time)).toBe('2026-03-01 12:04:07.123');
  expect(formatClock(time)).toBe('12:04:07.123');
  expect(formatTime(9e15)).toBe('9000000000000000');
});

test('ranges join neighbours', () => {
  expect(formatRanges([0, 1, 2, 5, 7, 8])).toBe('0–2, 5, 7–8');
  expect(formatRanges([])).toBe('');
});

test('plural', () => {
  expect(plural(1, 'partition')).toBe('1 partition');
  expect(plural(1200, 'entry', 'entries')).toBe('1,200 entries');
});
