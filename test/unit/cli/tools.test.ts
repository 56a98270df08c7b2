import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as topicsTool } from '../../../extension/cli/topics.ts';
import { run as logDirs } from '../../../extension/cli/log-dirs.ts';
import { run as apiVersions } from '../../../extension/cli/broker-api-versions.ts';
import { replicationTable, statusText } from '../../../extension/cli/metadata-quorum-text.ts';
import { TOOLS } from '../../../extension/cli/tools.ts';
import { run as zookeeper } from '../../../extension/cli/zookeeper-server-start.ts';
import { runTool } from '../../support/run-tool.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

/** They have sub-commands, and complain as such tools do. */
const COMMAND_TOOLS: ReadonlySet<string> = new Set(['cluster', 'features', 'metadata-quorum']);

let cluster: ToolCluster;

beforeEach(async () => {
  cluster = await ToolCluster.start();
});

afterEach(() => cluster.stop());

test('every tool prints its usage and its version', async () => {
  for (const [name, load] of Object.entries(TOOLS)) {
    if (name.endsWith('server-start')) continue;
    const { run: tool } = await load();
    expect(await runTool(tool, '--version'), name).toMatchObject({ code: 0, out: '4.3.1\n' });
    const [bare, stray] = [await runTool(tool, ''), await runTool(tool, '--no-such-option')];
    expect(bare, name).toMatchObject({ code: 1, out: '' });
    expect(stray, name).toMatchObject({ code: 1, out: '' });
    if (COMMAND_TOOLS.has(name)) {
      expect(bare.err, name).toContain('too few arguments');
      expect(stray.err, name).toContain("unrecognized arguments: '--no-such-option'");
      expect((await runTool(tool, '--help')).out, name).toMatch(/^usage: kafka-[\s\S]*Commands:[\s\S]*--help/);
    } else {
      expect(bare.err, name).toContain('--help');
      expect(stray.err, name).toBe('no-such-option is not a recognized option\n');
    }
  }
});

test('nobody there is one line', async () => {
  const { address } = cluster.broker;
  await cluster.broker.stop();
  const { code, out } = await runTool(topicsTool, `--bootstrap-server ${address} --list`);
  expect({ code, out }).toEqual({
    code: 1,
    out: `Error while executing topic command : nothing listens on ${address}\n`,
  });
});

test('log-dirs prints JSON', async () => {
  cluster.broker.on('DescribeLogDirs', () => ({
    throttleTimeMs: 0,
    errorCode: 0,
    results: [
      {
        errorCode: 0,
        logDir: '/data',
        topics: [
          { name: 'a', partitions: [{ partitionIndex: 0, partitionSize: 7, offsetLag: 1, isFutureKey: false }] },
          { name: 'b', partitions: [{ partitionIndex: 0, partitionSize: 9, offsetLag: 0, isFutureKey: false }] },
        ],
      },
    ],
  }));
  const { code, out } = await cluster.run(logDirs, '--describe --topic-list a');
  expect(code).toBe(0);
  const lines = out.trim().split('\n');
  expect(lines.slice(0, 2)).toEqual([
    'Querying brokers for log directories information',
    'Received log directory information from brokers 1',
  ]);
  expect(lines[2]).toBe(
    '{"brokers":[{"broker":1,"logDirs":[{"partitions":[{"partition":"a-0","size":7,"offsetLag":1,"isFuture":false}],' +
      '"error":null,"logDir":"/data"}]}],"version":1}',
  );
  expect(await cluster.run(logDirs, '--describe --broker-list 1,7')).toMatchObject({
    code: 1,
    err: 'ERROR: The given brokers do not exist from --broker-list: 7. Current existent brokers: 1\n',
  });
});

test('broker-api-versions lists what both sides know', async () => {
  const { out } = await cluster.run(apiVersions, '');
  const lines = out.split('\n');
  expect(lines[0]).toBe(`${cluster.broker.address} (id: 1 rack: null isFenced: false) -> (`);
  expect(lines).toContain('\tMetadata(3): 0 to 13 [usable: 13],');
  expect(lines).toContain('\tInitProducerId(22): 0 to 6 [usable: 5],');
  expect(lines).toContain('\tPushTelemetry(72): UNSUPPORTED,');
  expect(lines.at(-2)).toBe(')');
});

describe('metadata-quorum', () => {
  const zero = 'AAAAAAAAAAAAAAAAAAAAAA';
  const quorum = {
    leaderId: 2,
    leaderEpoch: 3,
    highWatermark: 90,
    voters: [
      {
        replicaId: 1,
        directoryId: 'JEXY6aqzQY-32P5TStzaFg',
        logEndOffset: 80,
        lastFetchTimestamp: 1_500,
        lastCaughtUpTimestamp: 1_000,
      },
      { replicaId: 2, directoryId: zero, logEndOffset: 100, lastFetchTimestamp: 2_000, lastCaughtUpTimestamp: 2_000 },
    ],
    observers: [
      { replicaId: 4, directoryId: zero, logEndOffset: 70, lastFetchTimestamp: -1, lastCaughtUpTimestamp: -1 },
    ],
    nodes: [{ id: 2, listeners: [{ name: 'CONTROLLER', host: 'h', port: 9 }] }],
  };

  test('prints the status', () => {
    expect(statusText('cluster', quorum).split('\n')).toEqual([
      'ClusterId:              cluster',
      'LeaderId:               2',
      'LeaderEpoch:            3',
      'HighWatermark:          90',
      'MaxFollowerLag:         20',
      'MaxFollowerLagTimeMs:   1000',
      'CurrentVoters:          [{"id": 1, "directoryId": "JEXY6aqzQY-32P5TStzaFg"}, {"id": 2, "endpoints": ["CONTROLLER://h:9"]}]',
      'CurrentObservers:       [{"id": 4}]',
    ]);
  });

  test('prints the replicas, leader first', () => {
    const [, leader, follower, observer] = replicationTable(quorum, undefined).split('\n');
    expect(leader).toBe(`2     \t${zero}\t100         \t0  \t2000              \t2000                 \tLeader  \t`);
    expect(follower).toContain('\t20 \t1500 ');
    expect(observer).toContain('\tObserver\t');
    expect(replicationTable(quorum, 2_100)).toContain('\t600 ms ago');
  });
});

test('there is no ZooKeeper to start', async () => {
  const { code, out, err } = await runTool(zookeeper, 'config/zookeeper.properties');
  expect({ code, err, lines: out.split('\n').length }).toEqual({ code: 0, err: '', lines: 2 });
  expect(out).toContain('KRaft');
});
