import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, tool } from '../support/apache-kafka-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** Lines of `topics --describe` as partition → fields. */
function partitionsOf(described: string): Map<number, { leader: string; replicas: string; isr: string }> {
  const pattern = /Partition: (\d+)\s+Leader: (\S+)\s+Replicas: (\S*)\s+Isr: (\S*)/g;
  return new Map(
    [...described.matchAll(pattern)].map(([, partition, leader, replicas, isr]) => [
      Number(partition),
      { leader: leader!, replicas: replicas!, isr: isr! },
    ]),
  );
}

const sorted = (ids: string): string => ids.split(',').sort().join(',');

describe.skipIf(lacks('apache-kafka'))("Apache Kafka's tools on a cluster", { timeout: 240_000 }, () => {
  let cluster: SamsaCluster;
  let folder: TemporaryDirectory;
  let server: string[];

  beforeAll(async () => {
    folder = await temporaryDirectory('cluster-tools');
    cluster = await SamsaCluster.start({ args: ['--brokers', '4'], readyTimeoutMs: 60_000 });
    server = ['--bootstrap-server', cluster.bootstrap];
    await tool('topics', [...server, '--create', '--topic', 'tools', '--replica-assignment', '1:2:3,2:3:1']);
  });
  afterAll(async () => {
    await cluster.stop();
    await folder[Symbol.asyncDispose]();
  });

  const describeTopic = async (...flags: readonly string[]) =>
    partitionsOf(await tool('topics', [...server, '--describe', '--topic', 'tools', ...flags]));

  async function file(name: string, content: object): Promise<string> {
    const path = join(folder.path, name);
    await writeFile(path, JSON.stringify(content));
    return path;
  }

  it('topics finds what is under-replicated; leader-election gives back', async () => {
    expect((await describeTopic('--under-replicated-partitions')).size).toBe(0);
    await cluster.control('kill', { broker: 2 });
    await until('broker 3 leads', async () => (await describeTopic()).get(1)?.leader === '3');
    expect([...(await describeTopic('--under-replicated-partitions')).keys()]).toEqual([0, 1]);
    await cluster.control('start', { broker: 2 });
    await until('all in sync', async () => (await describeTopic('--under-replicated-partitions')).size === 0);
    const elected = await tool('leader-election', [
      ...[...server, '--election-type', 'preferred', '--topic', 'tools', '--partition', '1'],
    ]);
    expect(elected).toContain('Successfully completed leader election (PREFERRED) for partitions tools-1');
    expect((await describeTopic()).get(1)).toMatchObject({ leader: '2' });
  });

  it('reassign-partitions generates, executes, throttles and verifies', async () => {
    const topics = await file('topics.json', { version: 1, topics: [{ topic: 'tools' }] });
    const generated = await tool('reassign-partitions', [
      ...[...server, '--generate', '--topics-to-move-json-file', topics, '--broker-list', '1,2,3,4'],
    ]);
    expect(generated).toContain('Proposed partition reassignment configuration');
    const plan = await file('plan.json', {
      version: 1,
      partitions: [
        { topic: 'tools', partition: 0, replicas: [4, 1] },
        { topic: 'tools', partition: 1, replicas: [2, 3, 4] },
      ],
    });
    const executed = await tool('reassign-partitions', [
      ...[...server, '--execute', '--reassignment-json-file', plan, '--throttle', '10000000'],
    ]);
    expect(executed).toContain('Successfully started partition reassignments for tools-0,tools-1');
    await until(
      'the reassignment is complete',
      async () => {
        const verified = await tool('reassign-partitions', [
          ...[...server, '--verify', '--reassignment-json-file', plan],
        ]);
        return verified.match(/Reassignment of partition tools-\d is completed/g)?.length === 2;
      },
      { timeoutMs: 60_000 },
    );
    const described = await describeTopic();
    expect(described.get(0)?.replicas).toBe('4,1');
    expect(sorted(described.get(1)?.isr ?? '')).toBe('2,3,4');
    expect(await tool('reassign-partitions', [...server, '--list'])).toContain('No partition reassignments found');
  });

  it('refuses a reassignment to a broker that does not exist', async () => {
    const plan = await file('bad.json', {
      version: 1,
      partitions: [{ topic: 'tools', partition: 0, replicas: [1, 9] }],
    });
    const { code, stdout, stderr } = await runTool('reassign-partitions', [
      ...[...server, '--execute', '--reassignment-json-file', plan],
    ]);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/Unknown broker id 9|broker 9|not registered/i);
  });

  it('metadata-quorum shows voters and observers', async () => {
    const status = await tool('metadata-quorum', [...server, 'describe', '--status']);
    expect(status).toMatch(/LeaderId:\s+[123]\n/);
    expect(status).toMatch(/CurrentVoters:.*"id": 1.*"id": 2.*"id": 3/);
    expect(status).toMatch(/CurrentObservers:.*"id": 4/);
    const replication = await tool('metadata-quorum', [...server, 'describe', '--replication']);
    expect(replication.match(/Leader|Follower|Observer/g)?.sort()).toEqual(
      ['Follower', 'Follower', 'Leader', 'Observer'].sort(),
    );
  });

  it('features describes', async () => {
    const described = await tool('features', [...server, 'describe']);
    expect(described).toMatch(/Feature: metadata\.version\s.*FinalizedVersionLevel: 4\.\d-IV\d/);
    expect(described).toMatch(/Feature: kraft\.version\s.*FinalizedVersionLevel: 1/);
  });

  it('cluster tells its id and unregisters a broker that is gone', async () => {
    expect(await tool('cluster', ['cluster-id', ...server])).toMatch(/Cluster ID: \S{22}/);
    const all = await file('home.json', {
      version: 1,
      partitions: [
        { topic: 'tools', partition: 0, replicas: [1, 2] },
        { topic: 'tools', partition: 1, replicas: [2, 3] },
      ],
    });
    await tool('reassign-partitions', [...server, '--execute', '--reassignment-json-file', all]);
    await until('broker 4 holds nothing', async () =>
      [...(await describeTopic()).values()].every(({ replicas }) => !replicas.includes('4')),
    );
    await cluster.control('stop', { broker: 4 });
    expect(await tool('cluster', ['unregister', ...server, '--id', '4'])).toContain(
      'Broker 4 is no longer registered.',
    );
    const listed = await tool('cluster', ['list-endpoints', ...server, '--include-fenced-brokers']);
    expect(listed).not.toMatch(/^4\s/m);
  });
});
