import { expect, test } from 'vitest';
import { Queue } from '../../../../extension/engine/metadata/queue.ts';

test('gives back in order what it was given, however much that is', () => {
  const queue = new Queue<number>();
  expect([queue.size, queue.first, queue.last, queue.shift()]).toEqual([0, undefined, undefined, undefined]);
  let taken = 0;
  for (let i = 0; i < 10_000; i++) {
    queue.push(i);
    if (i % 3 > 0) expect(queue.shift()).toBe(taken++);
    expect(queue.size).toBe(i + 1 - taken);
  }
  expect([queue.first, queue.last]).toEqual([taken, 9999]);
  const rest = queue.clear();
  expect([rest[0], rest.length, queue.size, queue.last]).toEqual([taken, 10_000 - taken, 0, undefined]);
  queue.push(1);
  expect(queue.shift()).toBe(1);
  expect(queue.last).toBeUndefined();
});
