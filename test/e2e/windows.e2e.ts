// The cluster's life over windows: another window uses it, a reload brings it back, the end of VS Code ends it.

import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { Workbench } from './support/workbench.ts';

let workbench: Workbench;

beforeAll(async () => {
  workbench = await Workbench.open({ settings: { 'samsa.cluster.port': 0 } });
  await workbench.openContainer('Samsa');
});

afterAll(() => workbench.close());

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench.recordFailure(task.name);
});

async function bootstrapIn(window: Workbench): Promise<string> {
  const status = window.statusItem('127.0.0.1:');
  await status.waitFor({ timeout: 30_000 });
  return /127\.0\.0\.1:\d+/.exec(await status.innerText())?.[0] ?? '';
}

function listens(bootstrap: string): Promise<boolean> {
  const [host = '', port] = bootstrap.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => socket.destroy()).once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
}

test('a second window uses the running cluster instead of failing on its lock', async () => {
  await workbench.runCommand('Samsa: Start Cluster');
  const bootstrap = await bootstrapIn(workbench);
  const second = await workbench.openWindow();
  await second.openContainer('Samsa');
  expect(await bootstrapIn(second)).toBe(bootstrap);
  await until('the row tells whose it is', async () =>
    (await second.rows()).some((row) => row.includes('other window')),
  );
  await second.runCommand('Samsa: Create Topic…');
  await second.answer('Name', 'from-the-second');
  await second.answer('Partitions', '1');
  await second.answer('Replication factor', '1');
  await workbench.row('from-the-second').waitFor({ timeout: 15_000 });
  await second.page.close();
});

test('a reload of the window brings the cluster back with its topics', async () => {
  await workbench.load();
  await workbench.openContainer('Samsa');
  expect(await listens(await bootstrapIn(workbench))).toBe(true);
  await workbench.row('from-the-second').waitFor({ timeout: 15_000 });
});

test('the end of VS Code ends the cluster within 4 s', async () => {
  const bootstrap = await bootstrapIn(workbench);
  expect(await listens(bootstrap)).toBe(true);
  const ended = workbench.server.stop();
  await until('nobody listens', async () => !(await listens(bootstrap)), { timeoutMs: 4_000 });
  await ended;
});
