import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterState } from '../../extension/shared/cluster-protocol.ts';
import { ApacheKafka } from '../support/apache-kafka.ts';
import { freePort } from '../support/free-port.ts';
import { samsa, SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';

let directory: TemporaryDirectory;
let dataDir: string;

beforeEach(async () => {
  directory = await temporaryDirectory('cli-start');
  dataDir = join(directory.path, 'data');
});

afterEach(() => directory.remove());

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('samsa start', () => {
  test('listens on the loopback addresses, so that localhost works however it is resolved', async () => {
    const port = await freePort();
    await using cluster = await SamsaCluster.start({ port, args: ['--controller-port', '0'] });
    expect(cluster.bootstrap).toBe(`127.0.0.1:${port}`);
    expect(await accepts('127.0.0.1', port)).toBe(true);
    const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
    expect(await accepts('::1', port)).toBe(hasIpv6);
  });

  test('kill, start, stop, start: the broker is back on its port with its data', async () => {
    await using cluster = await SamsaCluster.start({ dataDir });
    const before = await cluster.control<ClusterState>('state');
    expect(before.brokers).toMatchObject([{ id: 1, state: 'running', logDirs: [join(dataDir, 'broker-1')] }]);
    for (const op of ['kill', 'stop'] as const) {
      await cluster.control(op, { broker: 1 });
      expect(await accepts(cluster.host, cluster.port)).toBe(false);
      expect(await cluster.control('start', { broker: 1 })).toMatchObject({ state: 'running' });
      expect(await accepts(cluster.host, cluster.port)).toBe(true);
    }
    const after = await cluster.control<ClusterState>('state');
    expect(after).toMatchObject({ clusterId: before.clusterId, brokers: before.brokers, controllerId: 1 });
    const states = cluster.events.flatMap((event) => (event.event === 'broker-state' ? [event['state']] : []));
    expect(states).toEqual(['killed', 'starting', 'running', 'stopping', 'stopped', 'starting', 'running']);
  });

  test('the end of its input is a clean end', async () => {
    const cluster = await SamsaCluster.start({ dataDir });
    cluster.child.endInput();
    expect((await cluster.child.wait()).code).toBe(0);
  });

  test('after SIGKILL the same directory serves the same cluster', async () => {
    const first = await SamsaCluster.start({ dataDir });
    const { clusterId } = await first.control<ClusterState>('state');
    await first.kill();
    await using second = await SamsaCluster.start({ dataDir });
    expect((await second.control<ClusterState>('state')).clusterId).toBe(clusterId);
  });

  test.each([
    ['a client port', (port: number) => ['--port', String(port), '--controller-port', '0']],
    ['a controller port', (port: number) => ['--port', '0', '--controller-port', String(port)]],
  ])('%s in use: one line, exit 1', async (_, args) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stdout, stderr } = await samsa(['start', ...args(port)]).wait();
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^samsa start: .*\\b${port}\\b.*in use.*\\n$`));
  });

  test('a config that makes no sense: one line, exit 2', async () => {
    const child = samsa(['start', '--port', '0', '--config', 'num.partitions=many']);
    const { code, stdout, stderr } = await child.wait();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^samsa start: .*num\.partitions.*\n$/);
  });
});

describe.skipIf(lacks('apache-kafka'))('beside Apache Kafka', () => {
  test.runIf(process.platform === 'linux')('a directory that a live Java broker holds: one line, exit 1', async () => {
    const kafka = await ApacheKafka.start({ directory: join(dataDir, 'broker-1') });
    const { code, stdout, stderr } = await samsa(['start', '--port', '0', '--data-dir', dataDir]).wait();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `samsa start: ${dataDir}/broker-1 is in use by a Kafka broker: process ${kafka.child.pid} holds its .lock file\n`,
    );
    await kafka.stop();
  });
});
