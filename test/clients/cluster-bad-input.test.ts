import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Admin } from '../../extension/client/admin.ts';
import { ClusterClient } from '../../extension/client/cluster-client.ts';
import { Producer } from '../../extension/client/producer.ts';
import type { ClusterState } from '../../extension/shared/cluster-protocol.ts';
import { freePort } from '../support/free-port.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

describe('a cluster that is asked or given something bad', () => {
  let directory: TemporaryDirectory;
  let cluster: SamsaCluster | undefined;
  let client: ClusterClient | undefined;

  beforeEach(async () => {
    directory = await temporaryDirectory('cluster-bad-input');
  });
  afterEach(async () => {
    client?.close();
    await cluster?.stop();
    client = cluster = undefined;
    await directory[Symbol.asyncDispose]();
  });

  async function start(name = 'data', port?: number): Promise<Admin> {
    const dataDir = join(directory.path, name);
    cluster = await SamsaCluster.start({ dataDir, args: ['--brokers', '3'], ...(port === undefined ? {} : { port }) });
    client = new ClusterClient({ bootstrap: cluster.bootstrap, retryTimeoutMs: 0 });
    return new Admin(client);
  }

  const state = (): Promise<ClusterState> => cluster!.control<ClusterState>('state');

  it('without a majority serves metadata and refuses changes, saying why', async () => {
    const admin = await start();
    await admin.createTopics([{ name: 'kept', assignment: [[3, 1, 2]] }]);
    const survivor = (await state()).quorum.leaderId === 3 ? 1 : 3;
    const { port } = (await state()).brokers.find(({ id }) => id === survivor)!;
    for (const broker of [1, 2, 3].filter((id) => id !== survivor)) await cluster!.control('kill', { broker });

    client!.close();
    client = new ClusterClient({ bootstrap: `127.0.0.1:${port}`, retryTimeoutMs: 0 });
    const alone = new Admin(client);
    expect((await alone.listTopics()).map(({ name }) => name)).toContain('kept');
    const [refused] = await alone.createTopics([{ name: 'refused', partitions: 1, replicationFactor: 1 }], {
      timeoutMs: 1_000,
    });
    expect(refused?.error).toMatchObject({ code: 'REQUEST_TIMED_OUT' });
    expect(refused?.error?.message).toContain('the metadata quorum has no leader');
    const { quorum, controllerId } = await state();
    expect(quorum.hasMajority).toBe(false);
    expect(controllerId).toBe(-1);

    for (const broker of [1, 2, 3].filter((id) => id !== survivor)) await cluster!.control('start', { broker });
    await until('topics can be made again', async () => {
      const [made] = await alone.createTopics([{ name: 'made', partitions: 1, replicationFactor: 3 }]);
      return made?.error === null;
    });
  });

  it('refuses more replicas than brokers, and brokers that do not exist', async () => {
    const admin = await start();
    const [tooMany, unknown, wrong] = await admin.createTopics([
      { name: 'many', partitions: 1, replicationFactor: 4 },
      { name: 'unknown', assignment: [[1, 9]] },
      { name: 'twice', assignment: [[1, 1]] },
    ]);
    expect(tooMany?.error).toMatchObject({ code: 'INVALID_REPLICATION_FACTOR' });
    expect(tooMany?.error?.message).toMatch(/4.*3|3.*4/);
    expect(unknown?.error).toMatchObject({ code: 'INVALID_REPLICA_ASSIGNMENT' });
    expect(wrong?.error).toMatchObject({ code: 'INVALID_REPLICA_ASSIGNMENT' });
    await admin.createTopics([{ name: 'moved', assignment: [[1, 2]] }]);
    const [moved] = await admin.alterReassignments([{ topic: 'moved', partition: 0, replicas: [1, 9] }]);
    expect(moved?.error).toMatchObject({ code: 'INVALID_REPLICA_ASSIGNMENT' });
  });

  it('refuses a directory of another cluster, and says which it is', async () => {
    await start('theirs');
    await cluster!.stop();
    client!.close();
    const port = await freePort(3, true);
    const admin = await start('ours', port);
    await admin.createTopics([{ name: 'kept', partitions: 1, replicationFactor: 3 }]);
    await cluster!.stop();
    client!.close();
    const ours = join(directory.path, 'ours', 'broker-3');
    await rm(ours, { recursive: true });
    await cp(join(directory.path, 'theirs', 'broker-3'), ours, { recursive: true });

    client = cluster = undefined;
    await expect(start('ours', port)).rejects.toThrow(/"CLUSTER_ID_MISMATCH".*ours\/broker-3 belongs to cluster/);
  });

  it('lets a frozen broker that wakes with an old epoch follow', async () => {
    const admin = await start();
    const configs = { 'min.insync.replicas': '2' };
    await admin.createTopics([{ name: 'kept', assignment: [[2, 1, 3]], configs }]);
    const producer = new Producer(client!);
    await producer.produce('kept', 0, [{ value: 'before' }]);
    // Longer than its session: the others go on without it.
    await cluster!.control('freeze', { broker: 2, ms: 12_000 });
    await until(
      'another leads',
      async () => (await state()).partitions.find(({ topic }) => topic === 'kept')?.leader !== 2,
      { timeoutMs: 30_000 },
    );
    await producer.produce('kept', 0, [{ value: 'meanwhile' }]);
    await until(
      'it follows',
      async () => {
        const kept = (await state()).partitions.find(({ topic }) => topic === 'kept');
        return kept?.isr.length === 3 && kept.leader !== 2;
      },
      { timeoutMs: 30_000 },
    );
    await until('it has all', async () => {
      const kept = (await state()).partitions.find(({ topic }) => topic === 'kept');
      return kept?.replicaStates.every(({ logEndOffset }) => logEndOffset === 2) === true;
    });
  });
});
