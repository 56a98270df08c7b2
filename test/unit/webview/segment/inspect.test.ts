import fc from 'fast-check';
import { expect, test } from 'vitest';
import { varintSize, writeVarint } from '../../../../extension/records/varint.ts';
import { inspect, readVarint } from '../../../../webview/segment/inspect.ts';

const valueOf = (bytes: Uint8Array, label: string): string | undefined =>
  inspect(bytes).find((each) => each.label === label)?.value;

test('integers are big-endian', () => {
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1);
  expect(valueOf(bytes, 'int8')).toBe('-1');
  expect(valueOf(bytes, 'uint16')).toBe('65535');
  expect(valueOf(bytes, 'int32')).toBe('-1');
  expect(valueOf(bytes, 'int64')).toBe('-4294967295');
  expect(valueOf(bytes, 'uuid')).toBe('–');
});

test('zig-zag varints are what records are written with', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = Buffer.alloc(8);
      writeVarint(bytes, value, 0);
      expect(valueOf(bytes, 'varint')).toBe(`${value} (${varintSize(value)} B)`);
    }),
  );
});

test('a varint that does not end is none', () => {
  expect(readVarint(new Uint8Array(12).fill(0x80))).toBeUndefined();
  expect(readVarint(Uint8Array.of(0x80))).toBeUndefined();
  expect(readVarint(Uint8Array.of(0xac, 0x02))).toEqual({ value: 300n, size: 2 });
});

test('time, uuid, text', () => {
  const time = Buffer.alloc(16);
  time.writeBigInt64BE(1_772_366_647_123n);
  expect(valueOf(time, 'time')).toMatch(/^2026-0[23]-\d\d \d\d:\d\d:07\.123$/);
  expect(valueOf(Buffer.alloc(16), 'time')).toBe('–');
  expect(valueOf(Buffer.alloc(16, 0xff), 'uuid')).toBe('_____________________w');
  expect(valueOf(Buffer.from('Kafka\u0000ü'), 'text')).toBe('Kafka·ü');
  expect(inspect(new Uint8Array()).every(({ value }) => value === '–')).toBe(true);
});
