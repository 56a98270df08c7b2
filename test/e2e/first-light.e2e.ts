// What a person does first, in a real workbench, with pictures: start the cluster, make a topic, write, see the offsets
// move, read, open a segment, stop.

import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { Workbench } from './support/workbench.ts';

let workbench: Workbench;
let bootstrap = '';
let hasFailed = false;

beforeAll(async () => {
  workbench = await Workbench.open({
    settings: { 'workbench.colorTheme': 'Default Dark Modern', 'samsa.cluster.port': 0 },
    files: { 'app.log': 'started\nstopped\n' },
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

test('the view welcomes, and starts nothing by itself', async () => {
  await workbench.openContainer('Samsa');
  const button = workbench.page.locator('.welcome-view .monaco-button', { hasText: 'Start Cluster' });
  await button.waitFor({ timeout: 30_000 });
  await workbench.statusItem('Samsa').waitFor();
  await workbench.screenshot('welcome');
});

test('one click starts the cluster, and the tree shows its brokers', async () => {
  await workbench.page.locator('.welcome-view .monaco-button', { hasText: 'Start Cluster' }).click();
  const status = workbench.statusItem('127.0.0.1:');
  await status.waitFor({ timeout: 30_000 });
  bootstrap = /127\.0\.0\.1:\d+/.exec(await status.innerText())?.[0] ?? '';
  await workbench.expand('Brokers');
  await workbench.row('Broker 1').waitFor();
  expect(await workbench.rows()).toEqual(
    expect.arrayContaining([
      expect.stringContaining('Embedded cluster'),
      expect.stringMatching(/^Broker \d.*controller/),
      expect.stringContaining('Topics'),
      expect.stringContaining('Consumer groups'),
    ]),
  );
});

test('a topic is made in three answers, and a bad name is refused with the reason', async () => {
  await workbench.runCommand('Samsa: Create Topic…');
  await workbench.answer('Name', 'no spaces');
  await workbench.waitForPrompt("' ' is not allowed");
  await workbench.answer('', 'orders');
  await workbench.answer('Partitions', '3');
  await workbench.answer('Replication factor', '1');
  await workbench.row('orders').waitFor({ timeout: 10_000 });
});

test('messages are written from the palette', async () => {
  await workbench.runCommand('Samsa: Produce Message…');
  await workbench.pick('orders');
  await workbench.answer('Key', 'customer-1');
  await workbench.answer('Value', '{"amount":12.5}');
  await workbench.answer('Headers', 'trace=42');
  await workbench.pick('Partition 0');
  await workbench.notification('Written to orders-0 at offset 0').waitFor();
  await workbench.clearNotifications();
});

test('the offsets view follows what clients write', async () => {
  await workbench.rowAction('orders', 'Show Offsets');
  const view = workbench.webview();
  const watermark = view.locator('[data-index="0"] .c-watermark');
  await watermark.waitFor({ timeout: 30_000 });
  await until('the first offset shows', async () => (await watermark.innerText()).trim() === '1');
  await writeOrders(2_400);
  await until('the view has counted all', async () => {
    const cells = await view.locator('[role=row] .c-records').allInnerTexts();
    return cells.slice(1).reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0) === 2_401;
  });
  await workbench.screenshot('offsets');
});

test('the messages view reads from the beginning and shows one in full', async () => {
  await workbench.rowAction('orders', 'Consume from Beginning');
  const view = workbench.webview().locator('samsa-messages');
  await view.waitFor({ timeout: 30_000 });
  const row = view.locator('[role=row][data-place="0"]');
  await row.waitFor();
  await row.click();
  await view.locator('samsa-message-detail').getByText('customer').first().waitFor();
  await workbench.screenshot('messages');
});

test('a segment opens in the editor: structure beside bytes', async () => {
  await workbench.expand('orders');
  await workbench.expand('Partition 0');
  await workbench.expand('Segment 0');
  await workbench.row('.log').click();
  await workbench.tab('00000000000000000000.log').waitFor();
  await workbench.webview().getByText('Batch', { exact: false }).first().waitFor({ timeout: 30_000 });
  await workbench.screenshot('segment');
});

test("a user's app.log stays text", async () => {
  await workbench.openFile('app.log');
  await workbench.page.locator('.monaco-editor .view-line', { hasText: 'started' }).waitFor();
});

test('stopping leaves the data, and the view says so', async () => {
  await workbench.runCommand('Samsa: Stop Cluster');
  await workbench.page
    .locator('.welcome-view .monaco-button', { hasText: 'Start Cluster' })
    .waitFor({ timeout: 15_000 });
  await workbench.runCommand('Samsa: Start Cluster');
  await workbench.row('orders').waitFor({ timeout: 30_000 });
  await workbench.runCommand('Samsa: Stop Cluster');
  await workbench.statusItem('Samsa').waitFor();
});

async function writeOrders(count: number): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const states = ['created', 'paid', 'packed', 'sent'];
  for (let first = 0; first < count; first += 200) {
    await producer.send({
      topic: 'orders',
      messages: Array.from({ length: Math.min(200, count - first) }, (_, index) => ({
        key: `customer-${(first + index) % 97}`,
        value: JSON.stringify({ order: first + index, state: states[index % 4], amount: ((index * 37) % 900) / 10 }),
        headers: { trace: String(first + index) },
      })),
    });
  }
  await producer.disconnect();
}
