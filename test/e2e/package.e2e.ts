// What users install: the package, in a fresh profile.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageVsix } from '../../scripts/support/vsix.ts';
import { Workbench } from './support/workbench.ts';

let workbench: Workbench;

beforeAll(async () => {
  const { path, sizeBytes } = await packageVsix();
  expect(sizeBytes).toBeLessThan(2 * 1024 * 1024);
  workbench = await Workbench.open({ extension: { vsix: path }, settings: { 'samsa.cluster.port': 0 } });
});

afterAll(() => workbench.close());

test('the installed package starts a cluster', async () => {
  await workbench.openContainer('Samsa');
  await workbench.runCommand('Samsa: Start Cluster');
  await workbench.statusItem('127.0.0.1:').waitFor({ timeout: 30_000 });
  await workbench.expand('Brokers');
  await workbench.row('Broker 1').waitFor();
});

test('its walkthrough is there', async () => {
  await workbench.runCommand('Welcome: Open Walkthrough...');
  await workbench.pick('A Kafka cluster in VS Code');
  await workbench.page.getByText('Point your own client at it').first().waitFor({ timeout: 15_000 });
});
