// The webviews by themselves, with the real host modules behind them and no workbench: content security policy, keyboard,
// live updates, and accessibility in four themes.

import AxeBuilder from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../extension/records/record-batch-builder.ts';
import type { MessagesContract, MessagesFilter, MessagesFrom } from '../../../extension/shared/messages-contract.ts';
import type { OffsetsContract } from '../../../extension/shared/offsets-contract.ts';
import type { SegmentContract } from '../../../extension/shared/segment-contract.ts';
import type { ViewContract } from '../../../extension/shared/view-channel.ts';
import type { MessageSink, SourceRecord } from '../../../extension/views/messages/message-source.ts';
import { MessagesSession } from '../../../extension/views/messages/messages-session.ts';
import { OffsetsFeed } from '../../../extension/views/offsets/offsets-feed.ts';
import type { PartitionSample } from '../../../extension/views/offsets/topic-sample.ts';
import { DiskSegmentBytes } from '../../../extension/views/segment-editor/segment-bytes.ts';
import { SegmentDocument } from '../../../extension/views/segment-editor/segment-document.ts';
import { systemClock } from '../../../extension/views/view-clock.ts';
import { launchBrowser } from '../../../scripts/support/browser.ts';
import { until } from '../../support/until.ts';
import { themeNames } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { openView } from './view-browser.ts';
import type { OpenView } from './view-browser.ts';

let browser: Browser;
let folder: string;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  folder = await mkdtemp(join(tmpdir(), 'samsa-views-'));
});

afterAll(async () => {
  for (const each of open) await each.close();
  await browser.close();
  await rm(folder, { recursive: true });
});

/** Nothing was blocked, thrown or logged, and axe finds nothing to object to. */
async function expectSound<C extends ViewContract>({ page, problems }: OpenView<C>): Promise<void> {
  expect(problems).toEqual([]);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

function partition(number: number, highWatermark: number): PartitionSample {
  return {
    partition: number,
    leader: number === 2 ? -1 : 1,
    leaderEpoch: 1,
    replicas: [1, 2, 3],
    isr: [1, 2],
    offline: number === 2 ? [1] : [],
    eligible: [],
    logStart: 0,
    lastStable: highWatermark - 10,
    highWatermark,
    logEnd: highWatermark + 5,
    sizeBytes: 1000,
    problem: null,
  };
}

async function openOffsets(theme: ThemeName, partitions = 3) {
  const opened: number[] = [];
  let grown = 0;
  const late: { view?: OpenView<OffsetsContract> } = {};
  const feed = new OffsetsFeed({
    cluster: 'embedded',
    topic: 'orders',
    sampler: {
      sample: () =>
        Promise.resolve({
          internal: false,
          cleanupPolicy: 'delete',
          retentionMs: 604_800_000,
          retentionBytes: -1,
          partitions: Array.from({ length: partitions }, (_, i) => partition(i, 1000 + i + grown)),
        }),
    },
    clock: systemClock,
    send: (snapshot) => void late.view?.send('update', snapshot),
    describe: (error) => ({ message: String(error), next: 'retry' }),
  });
  const done = (): null => null;
  const shown = await openView<OffsetsContract>(browser, {
    view: 'offsets',
    theme,
    state: { cluster: 'embedded', topic: 'orders' },
    handlers: {
      window: ({ first, end }) => feed.setWindow(first, end),
      openMessages: ({ partition: chosen }) => {
        opened.push(chosen ?? -1);
        return null;
      },
      produce: done,
      retry: done,
      startCluster: done,
      close: done,
    },
  });
  late.view = shown;
  feed.setVisible(true);
  open.push({
    close: async () => {
      feed.dispose();
      await shown.page.close();
    },
  });
  const grow = (by: number): void => {
    grown += by;
    feed.pollNow();
  };
  return { shown, opened, grow };
}

describe('offsets', () => {
  test.each(themeNames)('is sound in %s', async (theme) => {
    const { shown } = await openOffsets(theme);
    await shown.page.locator('[data-index="2"] .c-watermark').waitFor();
    await shown.page.locator('.scroller').focus();
    await shown.page.keyboard.press('ArrowDown');
    await expectSound(shown);
  });

  test('follows offsets in place, and a key opens the messages of a partition', async () => {
    const { shown, opened, grow } = await openOffsets('dark');
    const cell = shown.page.locator('[data-index="1"] .c-watermark');
    await cell.waitFor();
    grow(500);
    await until('the watermark moves', async () => (await cell.innerText()).trim() === '1,501');
    await shown.page.locator('.scroller').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await shown.page.keyboard.press(key);
    await until('the request arrives', () => opened.length > 0);
    expect(opened).toEqual([1]);
  });

  test('five thousand partitions are drawn by the screenful', async () => {
    const { shown } = await openOffsets('light', 5000);
    await shown.page.locator('[data-index="0"] .c-watermark').waitFor();
    await shown.page.locator('.scroller').focus();
    await shown.page.keyboard.press('End');
    await shown.page.locator('[data-index="4999"] .c-watermark').waitFor();
    expect(await shown.page.locator('[role=row]').count()).toBeLessThan(60);
    expect(shown.problems).toEqual([]);
  });
});

function record(offset: number): SourceRecord {
  return {
    partition: offset % 3,
    offset,
    timestampMs: Date.now() - 60_000 + offset,
    timestampType: 'create',
    key: Buffer.from(`customer-${offset % 7}`),
    value: offset % 10 === 3 ? null : Buffer.from(JSON.stringify({ order: offset, state: 'paid' })),
    headers: [{ key: 'trace', value: Buffer.from('42') }],
  };
}

async function openMessages(theme: ThemeName, from: MessagesFrom = { kind: 'end' }) {
  let sink: MessageSink | undefined;
  const late: { view?: OpenView<MessagesContract> } = {};
  const session = new MessagesSession({
    cluster: 'embedded',
    topic: 'orders',
    clock: systemClock,
    capacity: 1000,
    from,
    send: (status) => void late.view?.send('status', status),
    describe: (error) => ({ message: String(error), next: 'retry' }),
    source: {
      open: (_request, its) => {
        sink = its;
        const still = (): void => undefined;
        return { positions: new Map(), pause: still, resume: still, close: still };
      },
    },
  });
  session.start();
  sink?.partitions([0, 1, 2]);
  sink?.progress(1);
  const act =
    <P>(run: (params: P) => void) =>
    (params: P): null => {
      run(params);
      return null;
    };
  const shown = await openView<MessagesContract>(browser, {
    view: 'messages',
    theme,
    height: 560,
    state: { cluster: 'embedded', topic: 'orders', from },
    handlers: {
      open: () => session.status,
      page: ({ revision, place }) => session.page(revision, place),
      detail: ({ revision, place }) => session.detail(revision, place),
      filter: act((filter: MessagesFilter) => session.setFilter(filter)),
      seek: act(() => undefined),
      pause: act(() => session.pause()),
      resume: act(() => session.resume()),
      clear: act(() => session.clear()),
      retry: act(() => undefined),
      startCluster: act(() => undefined),
      produce: act(() => undefined),
      close: act(() => undefined),
      copy: act(() => undefined),
      openInEditor: act(() => undefined),
    },
  });
  open.push({
    close: async () => {
      session.dispose();
      await shown.page.close();
    },
  });
  late.view = shown;
  let next = 0;
  const write = (count: number): void => sink?.records(Array.from({ length: count }, () => record(next++)));
  return { shown, session, write, note: (message: string) => sink?.note({ partition: 0, offset: 1, message }) };
}

describe('messages', () => {
  test.each(themeNames)('is sound in %s', async (theme) => {
    const { shown, write, note } = await openMessages(theme);
    write(300);
    note('Offset 7 could not be read. The CRC does not match.');
    await shown.page.locator('[data-place="300"]').waitFor();
    await shown.page.locator('[data-place="298"]').click();
    await shown.page.getByText('trace').first().waitFor();
    await expectSound(shown);
  });

  test.each(themeNames)('is sound in %s when there is nothing', async (theme) => {
    const { shown } = await openMessages(theme);
    await shown.page.getByText('Waiting for new records').waitFor();
    await expectSound(shown);
  });

  test('follows the end until the reader scrolls up, then keeps the place and counts', async () => {
    const { shown, write } = await openMessages('dark');
    write(100);
    await shown.page.locator('[data-place="99"]').waitFor();
    write(50);
    await shown.page.locator('[data-place="149"]').waitFor();
    await shown.page.mouse.move(400, 400);
    await shown.page.mouse.wheel(0, -800);
    await until('the end is out of sight', async () => (await shown.page.locator('[data-place="149"]').count()) === 0);
    const firstRow = shown.page.locator('[data-place]').first();
    const place = await firstRow.getAttribute('data-place');
    write(214);
    await shown.page.getByRole('button', { name: '↓ 214 new' }).click();
    await shown.page.locator('[data-place="363"]').waitFor();
    expect(Number(place)).toBeLessThan(149);
  });

  test('filters by text as one types, and takes the filter off again', async () => {
    const { shown, write } = await openMessages('light', { kind: 'beginning' });
    write(200);
    await shown.page.locator('[data-place="0"]').waitFor();
    await shown.page.locator('vscode-text-field.text').click();
    await shown.page.keyboard.type('customer-3');
    await shown.page.getByText('29 of 200').waitFor();
    await shown.page.getByRole('button', { name: 'Clear filter' }).click();
    await shown.page.getByText('200 · P0–2').waitFor();
    expect(shown.problems).toEqual([]);
  });

  test('a record is shown in full, as JSON or hex, and Escape closes it', async () => {
    const { shown, write } = await openMessages('dark', { kind: 'beginning' });
    write(20);
    await shown.page.locator('[data-place="0"]').waitFor();
    await shown.page.locator('.scroller').focus();
    await shown.page.keyboard.press('ArrowDown');
    const detail = shown.page.locator('samsa-message-detail');
    await detail.getByText('"order"').waitFor();
    await detail.getByRole('button', { name: 'Hex' }).last().click();
    await detail.getByText('00000000  7b 22 6f 72').waitFor();
    await shown.page.keyboard.press('Escape');
    await detail.waitFor({ state: 'hidden' });
  });
});

async function openSegment(theme: ThemeName, name: string) {
  const path = join(folder, name);
  const late: { view?: OpenView<SegmentContract> } = {};
  const document = new SegmentDocument({
    path,
    bytes: new DiskSegmentBytes(path),
    clock: systemClock,
    onChange: (state) => void late.view?.send('file', state),
  });
  const done = (): null => null;
  const shown = await openView<SegmentContract>(browser, {
    view: 'segment',
    theme,
    width: 1280,
    height: 360,
    state: { position: 0 },
    handlers: {
      open: () => document.open(),
      bytes: ({ page }) => document.bytes(page),
      nodes: ({ parent, from, count }) => document.nodes(parent, from, count),
      locate: ({ at }) => document.locate(at),
      findOffset: ({ offset }) => document.findOffset(offset),
      copy: done,
      openAsText: done,
      close: done,
    },
  });
  late.view = shown;
  document.setVisible(true);
  open.push({
    close: async () => {
      document.dispose();
      await shown.page.close();
    },
  });
  return { shown, path };
}

function batch(baseOffset: number, count = 3): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset });
  for (let i = 0; i < count; i++) {
    builder.append({ key: Buffer.from(`k${i}`), value: Buffer.from(`value ${baseOffset + i}`), timestamp: 1000 });
  }
  return builder.build();
}

describe('segment editor', () => {
  const log = '00000000000000000000.log';

  test.each(themeNames)('is sound in %s', async (theme) => {
    await writeFile(join(folder, log), Buffer.concat(Array.from({ length: 50 }, (_, i) => batch(i * 3))));
    const { shown } = await openSegment(theme, log);
    await shown.page.locator('#byte-70').click();
    await shown.page.locator('samsa-inspector').getByText('At 70').waitFor();
    await shown.page.getByText('At 70').waitFor();
    await expectSound(shown);
  });

  test('a byte reveals its field, a field marks its bytes, an offset is found', async () => {
    await writeFile(join(folder, log), Buffer.concat(Array.from({ length: 500 }, (_, i) => batch(i * 3))));
    const { shown } = await openSegment('dark', log);
    await shown.page.locator('#byte-17').click();
    const chosen = shown.page.locator('samsa-structure [aria-selected=true]');
    await chosen.getByText('crc').waitFor();
    expect(await shown.page.locator('.hex .chosen').count()).toBe(4);
    await shown.page.locator('samsa-structure .scroller').focus();
    await shown.page.keyboard.press('ArrowUp');
    await chosen.getByText('magic').waitFor();
    await until('its one byte is marked', async () => (await shown.page.locator('.hex .chosen').count()) === 1);
    await shown.page.keyboard.press('Control+g');
    await shown.page.keyboard.type('@1000');
    await shown.page.keyboard.press('Enter');
    await shown.page.locator('.status').getByText('offset 1,000').waitFor();
    expect(shown.problems).toEqual([]);
  });

  test('what is appended to the file appears', async () => {
    const name = '00000000000000000100.log';
    await writeFile(join(folder, name), batch(100));
    const { shown, path } = await openSegment('light', name);
    await shown.page.getByText('1 batch').first().waitFor();
    await appendFile(path, batch(103));
    await shown.page.getByText('2 batches').first().waitFor();
    await shown.page.locator('samsa-structure').getByText('103–105').waitFor();
  });

  test('a reserved index says what is used of it', async () => {
    const name = '00000000000000000000.index';
    const bytes = Buffer.alloc(10 * 1024 * 1024);
    for (let i = 0; i < 3; i++) bytes.writeInt32BE((i + 1) * 40, i * 8);
    for (let i = 0; i < 3; i++) bytes.writeInt32BE((i + 1) * 4096, i * 8 + 4);
    await writeFile(join(folder, name), bytes);
    const { shown } = await openSegment('dark', name);
    await shown.page.getByText('10 MiB preallocated, 24 B used · 3 entries').waitFor();
    await shown.page.locator('samsa-hex .scroller').focus();
    await shown.page.keyboard.press('Control+End');
    await shown.page.locator('#byte-10485759').waitFor();
    await shown.page.locator('samsa-structure [aria-selected=true]').getByText('preallocated').waitFor();
  });
});
