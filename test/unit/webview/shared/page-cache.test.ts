import { beforeEach, expect, test } from 'vitest';
import { PageCache } from '../../../../webview/shared/page-cache.ts';

let asked: number[];
let waiting: { readonly page: number; readonly answer: (content: string | null) => void }[];
let changes: number;
let cache: PageCache<string>;

beforeEach(() => {
  asked = [];
  waiting = [];
  changes = 0;
  cache = new PageCache<string>(
    (page) => {
      asked.push(page);
      return new Promise((resolve) => waiting.push({ page, answer: resolve }));
    },
    () => changes++,
    3,
  );
});

async function arrive(content?: string | null): Promise<void> {
  const next = waiting.shift();
  next?.answer(content === undefined ? `page ${next.page}` : content);
  await Promise.resolve();
  await Promise.resolve();
}

test('a page is asked for once, however often it is wanted', async () => {
  expect(cache.get(4)).toBeUndefined();
  expect(cache.get(4)).toBeUndefined();
  await arrive();
  expect(cache.get(4)).toBe('page 4');
  expect(asked).toEqual([4]);
  expect(changes).toBe(1);
});

test('the least used page goes first', async () => {
  for (const page of [1, 2, 3]) {
    cache.get(page);
    await arrive();
  }
  cache.get(1);
  cache.get(4);
  await arrive();
  expect([1, 2, 3, 4].map((page) => cache.peek(page) !== undefined)).toEqual([true, false, true, true]);
});

test('an old page is shown until its successor is there', async () => {
  cache.get(1);
  await arrive('old');
  cache.refresh(() => true);
  expect(cache.get(1)).toBe('old');
  await arrive('new');
  expect(cache.get(1)).toBe('new');
  expect(asked).toEqual([1, 1]);
});

test('what was under way during a refresh is fetched again', async () => {
  cache.get(1);
  cache.refresh((page) => page === 1);
  await arrive('old');
  expect(cache.get(1)).toBe('old');
  await arrive('new');
  expect(cache.get(1)).toBe('new');
});

test('answers for what was cleared are thrown away', async () => {
  cache.get(1);
  cache.clear();
  await arrive();
  expect(cache.peek(1)).toBeUndefined();
  expect(changes).toBe(0);
});

test('a page that is not there may be asked for again', async () => {
  cache.get(1);
  await arrive(null);
  cache.get(1);
  expect(asked).toEqual([1, 1]);
});
