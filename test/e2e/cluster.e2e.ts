// What people come for: three brokers, one dies, another takes over, and the Replicas view says why.

import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { Workbench } from './support/workbench.ts';

let workbench: Workbench;
let bootstrap = '';
let hasFailed = false;

beforeAll(async () => {
  workbench = await Workbench.open({
    settings: { 'workbench.colorTheme': 'Default Dark Modern', 'samsa.cluster.port': 0, 'samsa.cluster.brokers': 3 },
  });
});

afterAll(() => workbench.close());

// Each step stands on the one before.
beforeEach(({ skip }) => skip(hasFailed, 'an earlier step failed'));

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  hasFailed = true;
  await workbench.recordFailure(task.name);
});

test('three brokers start, and a topic is spread over them', async () => {
  await workbench.openContainer('Samsa');
  await workbench.runCommand('Samsa: Start Cluster');
  const status = workbench.statusItem('127.0.0.1:');
  await status.waitFor({ timeout: 60_000 });
  bootstrap = /127\.0\.0\.1:\d+/.exec(await status.innerText())?.[0] ?? '';
  await workbench.expand('Brokers');
  await workbench.row('Broker 3').waitFor();
  await workbench.runCommand('Samsa: Create Topic…');
  await workbench.answer('Name', 'A');
  await workbench.answer('Partitions', '2');
  await workbench.answer('Replication factor', '3');
  await workbench.row('A').waitFor({ timeout: 10_000 });
});

test('the Replicas view shows who leads and who follows', async () => {
  await workbench.rowAction('Brokers', 'Show Replicas');
  const view = workbench.webview();
  await view.locator('.row', { hasText: 'A-1' }).waitFor({ timeout: 30_000 });
  await until('all are in sync', async () => {
    const text = await view.locator('.row', { hasText: 'A-1' }).innerText();
    return text.includes('[2,3,1]');
  });
});

test('each replica says how far its log goes', async () => {
  await writeRecords(600);
  const view = workbench.webview();
  await until('the followers have all that the leaders have', async () => {
    const ends = await view.locator('.row .replica-cell [aria-hidden=true].dim').allInnerTexts();
    return ends.length === 4 && ends.every((end) => /^[1-9]\d*$/.test(end));
  });
});

test('a broker is killed, the next in sync leads, and the timeline says why', async () => {
  const view = workbench.webview();
  await view.locator('.head .broker', { hasText: 'broker 2' }).click();
  await view.locator('.actions vscode-button', { hasText: 'Kill' }).click();
  const story = view.locator('.timeline');
  await story.getByText('A-1: 3 leads.').first().waitFor({ timeout: 20_000 });
  expect(await story.innerText()).toContain('3 is the first of [2,3,1] that is alive and in sync');
  await view.locator('.head .broker', { hasText: 'broker 2' }).locator('.trouble', { hasText: 'killed' }).waitFor();
  await until('the row shows the new ISR', async () =>
    (await view.locator('.row', { hasText: 'A-1' }).innerText()).includes('[3,1]'),
  );
  await until('the tree says so too', async () =>
    (await workbench.rows()).some((row) => row.startsWith('A 2 under-replicated')),
  );
  await workbench.screenshot('replicas');
});

test('it comes back, follows, and leads again when it is asked to', async () => {
  const view = workbench.webview();
  await view.locator('.actions vscode-button', { hasText: 'Start' }).click();
  await until('it is in sync again', async () =>
    (await view.locator('.row', { hasText: 'A-1' }).innerText()).includes('[3,1,2]'),
  );
  await view.locator('vscode-button', { hasText: 'Elect preferred' }).click();
  await view.locator('.timeline').getByText('A-1: 2 leads.').last().waitFor({ timeout: 20_000 });
  await workbench.runCommand('Samsa: Stop Cluster');
  await workbench.statusItem('Samsa').waitFor();
});

/** Spread over both partitions. */
async function writeRecords(count: number): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: count }, (_, index) => ({
    key: `customer-${index % 20}`,
    value: `order ${index}`,
  }));
  await producer.send({ topic: 'A', messages });
  await producer.disconnect();
}
