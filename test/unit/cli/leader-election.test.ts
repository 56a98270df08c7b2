import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as leaderElection } from '../../../extension/cli/leader-election.ts';
import { parsePartitions } from '../../../extension/cli/leader-election-options.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { runTool } from '../../support/run-tool.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

describe('leader-election', () => {
  let cluster: ToolCluster;

  beforeEach(async () => {
    cluster = await ToolCluster.start();
  });

  afterEach(() => cluster.stop());

  function answer(...results: (readonly [partition: number, errorCode: number, errorMessage?: string])[]): void {
    const partitionResult = results.map(([partitionId, errorCode, errorMessage = null]) => ({
      partitionId,
      errorCode,
      errorMessage,
    }));
    cluster.broker.on('ElectLeaders', () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      replicaElectionResults: [{ topic: 't', partitionResult }],
    }));
  }

  test('reports what was elected, what was fine and what failed', async () => {
    answer([0, 0], [1, ErrorCode.ELECTION_NOT_NEEDED], [2, ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE], [3, 0]);
    expect(await cluster.run(leaderElection, '--election-type preferred --all-topic-partitions')).toEqual({
      code: 1,
      out: [
        'Successfully completed leader election (PREFERRED) for partitions t-3, t-0',
        'Valid replica already elected for partitions t-1',
        'Error completing leader election (PREFERRED) for partition: t-2: ' +
          'org.apache.kafka.common.errors.PreferredLeaderNotAvailableException: The preferred leader was not available.\n',
      ].join('\n'),
      err: '1 replica(s) could not be elected\n',
    });
    expect(cluster.broker.requests('ElectLeaders')[0]!.body).toMatchObject({ electionType: 0, topicPartitions: null });
  });

  test('sends the partitions of a file', async () => {
    answer([1, 0]);
    const file = cluster.file('some.json', '{"partitions":[{"topic":"t","partition":1}]}');
    const { code } = await cluster.run(leaderElection, `--election-type UNCLEAN --path-to-json-file ${file}`);
    expect(code).toBe(0);
    const topicPartitions = [{ topic: 't', partitions: [1] }];
    expect(cluster.broker.requests('ElectLeaders')[0]!.body).toMatchObject({ electionType: 1, topicPartitions });
  });

  test('says when nobody answers', async () => {
    const { address } = cluster.broker;
    await cluster.broker.stop();
    const args = `--bootstrap-server ${address} --election-type preferred --all-topic-partitions`;
    expect(await runTool(leaderElection, args)).toEqual({
      code: 1,
      out: 'Timeout waiting for election results\n',
      err: `Timeout waiting for election results: nothing listens on ${address}\n`,
    });
  });
});

describe('the file of partitions', () => {
  const of = (...partitions: object[]): string => JSON.stringify({ partitions });

  test('names partitions', () => {
    const partitions = [
      { topic: 'a', partition: 0 },
      { topic: 'b', partition: 3 },
    ];
    expect(parsePartitions(of(...partitions))).toEqual(partitions);
  });

  test.each([
    ['', 'Replica election data is empty'],
    ['{', 'Replica election data is empty'],
    ['{}', 'Replica election data is missing "partitions" field'],
    ['7', 'Expected JSON object, received 7'],
    ['{"partitions":{}}', 'Expected JSON array, received {}'],
    [of({ topic: 'a' }), 'No such field exists: `partition`'],
    [of({ topic: 'a', partition: 2 ** 31 }), 'Expected `Integer` value, received 2147483648'],
    [of({ topic: null, partition: 1 }), 'Expected `String` value, received null'],
    [
      of(...[1, 1, 1, 2].map((partition) => ({ topic: 'a', partition }))),
      'Replica election data contains duplicate partitions: [a-1]',
    ],
  ])('%j is refused', (text, message) => {
    expect(() => parsePartitions(text)).toThrow(new Error(message));
  });
});
