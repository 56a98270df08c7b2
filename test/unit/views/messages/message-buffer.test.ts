import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageBuffer } from '../../../../extension/views/messages/message-buffer.ts';
import type { BufferEntry } from '../../../../extension/views/messages/message-buffer.ts';
import { NumberQueue } from '../../../../extension/views/messages/number-queue.ts';

function entry(offset: number, sizeBytes = 0): BufferEntry {
  const value = new Uint8Array(sizeBytes);
  return {
    kind: 'record',
    passes: false,
    record: { partition: 0, offset, timestampMs: 0, timestampType: 'create', key: null, value, headers: [] },
  };
}

const offsetOf = (found: BufferEntry | undefined): number | undefined =>
  found?.kind === 'record' ? found.record.offset : undefined;

test('keeps the last ones, bounded in number and bytes, like a dumb list would', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { maxLength: 200 }), (sizes) => {
      const buffer = new MessageBuffer(16, 8000);
      const model: { offset: number; size: number }[] = [];
      sizes.forEach((size, offset) => {
        const taken = buffer.push(entry(offset, size));
        model.push({ offset, size: taken });
        const total = (): number => model.reduce((sum, each) => sum + each.size, 0);
        while (model.length > 16 || (total() > 8000 && model.length > 1)) model.shift();
      });
      const kept: (number | undefined)[] = [];
      for (let sequence = buffer.first; sequence < buffer.end; sequence++) kept.push(offsetOf(buffer.get(sequence)));
      expect(kept).toEqual(model.map(({ offset }) => offset));
      expect(buffer.bytes).toBe(model.reduce((sum, each) => sum + each.size, 0));
    }),
  );
});

test('the newest stays even when it alone is too large', () => {
  const buffer = new MessageBuffer(10, 1000);
  buffer.push(entry(1));
  buffer.push(entry(2, 5000));
  expect(buffer.length).toBe(1);
  expect(offsetOf(buffer.get(buffer.first))).toBe(2);
});

test('counts what could not be read, while it is kept', () => {
  const buffer = new MessageBuffer(2, 10_000);
  buffer.push({ kind: 'note', passes: false, note: { partition: 0, offset: 1, message: 'damaged' } });
  expect(buffer.undecodable).toBe(1);
  buffer.push(entry(2));
  buffer.push(entry(3));
  expect(buffer.undecodable).toBe(0);
});

test('sequence numbers are never used again', () => {
  const buffer = new MessageBuffer(4, 10_000);
  buffer.push(entry(1));
  buffer.clear();
  expect(buffer.length).toBe(0);
  buffer.push(entry(2));
  expect(buffer.get(0)).toBeUndefined();
  expect(offsetOf(buffer.get(1))).toBe(2);
});

test('a number queue grows around its own end', () => {
  const queue = new NumberQueue();
  for (let i = 0; i < 1000; i++) queue.push(i);
  for (let i = 0; i < 900; i++) queue.shift();
  for (let i = 1000; i < 4000; i++) queue.push(i);
  expect(queue.length).toBe(3100);
  expect([queue.at(0), queue.at(99), queue.at(100), queue.at(3099)]).toEqual([900, 999, 1000, 3999]);
});
