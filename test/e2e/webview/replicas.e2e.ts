// The Replicas view's bundle in a page of its own, with a host that runs here.

import AxeBuilder from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClusterEvent } from '../../../extension/shared/cluster-protocol.ts';
import type { ReplicasContract } from '../../../extension/shared/replicas-contract.ts';
import { ReplicasFeed } from '../../../extension/views/replicas/replicas-feed.ts';
import { systemClock } from '../../../extension/views/view-clock.ts';
import { launchBrowser } from '../../../scripts/support/browser.ts';
import { until } from '../../support/until.ts';
import { clusterState, partition } from '../../unit/views/replicas/cluster-state.ts';
import { themeNames } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { openView } from './view-browser.ts';
import type { OpenView } from './view-browser.ts';

let browser: Browser;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  for (const each of open) await each.close();
  await browser.close();
});

/** Broker 2 is dead, 3 is cut off: every shape, colour and sentence shows. */
const troubled = clusterState(
  [
    partition('orders', 0, { isr: [1], ends: { 1: 48_210, 3: 48_198 } }),
    partition('orders', 1, { leader: 2, isr: [2, 1], ends: { 1: 882 } }),
    partition('orders', 2, { leader: -1, isr: [], elr: [2], ends: { 1: 4 } }),
    partition('payments', 0, { replicas: [3, 1, 2], ends: { 1: 7, 3: 7 } }),
  ],
  { 2: 'killed' },
);
const state = {
  ...troubled,
  brokers: troubled.brokers.map((broker) =>
    broker.id === 3 ? { ...broker, faults: [{ kind: 'isolate', broker: 3, clients: false } as const] } : broker,
  ),
};
const events: readonly ClusterEvent[] = [
  { event: 'broker-state', broker: 2, state: 'killed' },
  { event: 'isr', topic: 'orders', partition: 0, isr: [1], reason: 'broker 2 stopped' },
  { event: 'leader', topic: 'orders', partition: 2, leader: -1, epoch: 4, reason: 'nobody in sync is alive' },
].map((event, index) => ({ seq: index + 1, atMs: 1_000 * index, ...event }) as ClusterEvent);

async function openReplicas(theme: ThemeName, width?: number) {
  const acts: string[] = [];
  const late: { view?: OpenView<ReplicasContract> } = {};
  const feed = new ReplicasFeed({
    topic: null,
    clock: systemClock,
    state: () => Promise.resolve(state),
    eventsSince: (seq) => Promise.resolve({ events: events.slice(seq), lastSeq: events.length }),
    send: (snapshot) => void late.view?.send('update', snapshot),
    describe: (error) => ({ message: String(error), next: 'retry' }),
  });
  const done = (): null => null;
  const shown = await openView<ReplicasContract>(browser, {
    view: 'replicas',
    theme,
    ...(width === undefined ? {} : { width }),
    state: { cluster: 'embedded', topic: null },
    handlers: {
      window: ({ first, end, withTimeline }) => feed.setWindow(first, end, withTimeline),
      act: ({ action, broker }) => {
        acts.push(`${action} ${broker}`);
        return null;
      },
      electPreferred: done,
      retry: done,
      startCluster: done,
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
  await shown.page.locator('.row', { hasText: 'payments-0' }).waitFor();
  return { shown, acts };
}

test.each(themeNames)('is sound in %s', async (theme) => {
  const { shown } = await openReplicas(theme);
  await shown.page.locator('.timeline .entry').nth(2).waitFor();
  expect(shown.problems).toEqual([]);
  const { violations } = await new AxeBuilder({ page: shown.page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
});

test('says of each replica how far it goes, and which leader is gone', async () => {
  const { page } = (await openReplicas('dark')).shown;
  const row = (name: string) => page.locator('.row', { hasText: name }).innerText();
  expect(await row('orders-0')).toMatch(/48,210[^]*−12[^]*\[1\]/);
  expect(await row('orders-1')).toContain('leader is down');
  expect(await row('orders-2')).toContain('no leader');
  expect(await page.locator('header').innerText()).toContain('2 without leader');
});

test('a broker is chosen and killed by keys alone', async () => {
  const { shown, acts } = await openReplicas('dark');
  await shown.page.locator('.broker', { hasText: 'broker 1' }).focus();
  await shown.page.keyboard.press('Enter');
  await shown.page.locator('.actions', { hasText: 'Broker 1' }).waitFor();
  await shown.page.locator('.actions vscode-button', { hasText: 'Kill' }).focus();
  await shown.page.keyboard.press('Enter');
  await until('the request arrives', () => acts.length > 0);
  expect(acts).toEqual(['kill 1']);
});

test.each([420, 700, 1400])('columns stand under their heads at %s px', async (width) => {
  const { page } = (await openReplicas('dark', width)).shown;
  const edges = (selector: string): Promise<number[]> =>
    page.locator(selector).evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left)));
  const heads = await edges('.head [role=columnheader]');
  expect(heads).toHaveLength(6);
  expect(await edges('.row:has-text("orders-2") > *')).toEqual(heads);
});

test('all that can be done is in sight where there is little room', async () => {
  const { page } = (await openReplicas('light', 420)).shown;
  for (const label of ['Kill', 'Stop', 'Start', 'Freeze', 'Isolate', 'Heal']) {
    const box = await page.locator('.actions vscode-button', { hasText: label }).boundingBox();
    expect(box === null ? Infinity : box.x + box.width, label).toBeLessThanOrEqual(420);
  }
});
