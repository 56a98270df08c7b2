import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as reassign } from '../../../extension/cli/reassign-partitions.ts';
import { checkPlan, parseBrokers, parsePlan, parseTopics, planJson } from '../../../extension/cli/reassign-plan.ts';
import { moveStatus, partitionStatus } from '../../../extension/cli/reassign-state.ts';
import { movesOf, throttledReplicas } from '../../../extension/cli/reassign-throttles.ts';
import { ongoingLine } from '../../../extension/cli/reassign-verify.ts';
import { placeAtRandom } from '../../../extension/cli/replica-placement.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

const at = (topic: string, partition: number, ...replicas: number[]) => ({ topic, partition, replicas });

describe('a plan', () => {
  test('names replicas and, where it does, their directories', () => {
    const text = JSON.stringify({
      version: 1,
      partitions: [at('a', 1, 2, 3), { ...at('b', 0, 1, 2), log_dirs: ['any', '/data/x'] }],
    });
    expect(parsePlan(text)).toEqual({
      partitions: [at('a', 1, 2, 3), at('b', 0, 1, 2)],
      moves: [{ topic: 'b', partition: 0, brokerId: 2, path: '/data/x' }],
    });
  });

  test('is written sorted, with directories where they are known', () => {
    const text = planJson([at('b', 0, 1), at('a', 10, 1), at('a', 2, 3, 1)], ({ topic, brokerId }) =>
      topic === 'a' && brokerId === 1 ? '/d' : undefined,
    );
    expect(text).toBe(
      '{"version":1,"partitions":[' +
        '{"topic":"a","partition":2,"replicas":[3,1],"log_dirs":["any","/d"]},' +
        '{"topic":"a","partition":10,"replicas":[1],"log_dirs":["/d"]},' +
        '{"topic":"b","partition":0,"replicas":[1],"log_dirs":["any"]}]}',
    );
    expect(parsePlan(text).partitions).toHaveLength(3);
  });

  test.each([
    ['', "The input string shouldn't be empty"],
    ['{', 'The input string is not a valid JSON'],
    ['[]', 'Expected JSON object, received []'],
    ['{"version":"1"}', 'Expected `Integer` value, received "1"'],
    ['{"version":3}', 'Not supported version field value 3'],
    ['{"partitions":[{"topic":"a","replicas":[1]}]}', 'No such field exists: `partition`'],
    [
      JSON.stringify({ partitions: [{ ...at('a', 0, 1, 2), log_dirs: ['any'] }] }),
      'Size of replicas list [1, 2] is different from size of log dirs list [any] for partition a-0',
    ],
  ])('%j cannot be read', (text, message) => {
    expect(() => parsePlan(text)).toThrow(new Error(message));
  });

  test.each([
    [[], 'Partition reassignment list cannot be empty'],
    [[at('a', 0)], 'Partition replica list cannot be empty'],
    [[at('a', 0, 1), at('a', 0, 2)], 'Partition reassignment contains duplicate topic partitions: a-0'],
    [
      [at('a', 0, 1, 1, 2, 2), at('b', 0, 3, 3)],
      'Partition replica lists may not contain duplicate entries: a-0 contains multiple entries for 1,2. ' +
        'b-0 contains multiple entries for 3',
    ],
  ])('%j is not executed', (partitions, message) => {
    expect(() => checkPlan({ partitions, moves: [] })).toThrow(new Error(message));
  });

  test('is generated from topics and brokers', () => {
    expect(parseTopics('{"topics":[{"topic":"b"},{"topic":"a"}]}')).toEqual(['b', 'a']);
    expect(parseBrokers('3,1')).toEqual([3, 1]);
    expect(() => parseTopics('{"topics":[{"topic":"a"},{"topic":"a"}]}')).toThrow('duplicate entries: [a]');
    expect(() => parseBrokers('1,2,1')).toThrow('Broker list contains duplicate entries: [1]');
    expect(() => parseBrokers('1, 2')).toThrow('For input string: " 2"');
  });
});

describe('a random placement', () => {
  const brokers = (...racks: (string | null)[]) => racks.map((rack, index) => ({ id: index + 1, rack }));
  const first = (): number => 0;

  test('gives every broker as many leaders, and each partition other brokers', () => {
    const placed = placeAtRandom(brokers(null, null, null), 9, 2, first);
    const leaders = placed.map(([leader]) => leader!);
    for (const id of [1, 2, 3]) expect(leaders.filter((leader) => leader === id)).toHaveLength(3);
    for (const replicas of placed) expect(new Set(replicas).size).toBe(2);
    expect(new Set(placed.map(String)).size).toBe(6);
  });

  test('uses every rack before one comes twice', () => {
    const rackOf = new Map([1, 2, 3, 4, 5].map((id, index) => [id, 'aabbc'[index]]));
    for (const replicas of placeAtRandom(brokers('a', 'a', 'b', 'b', 'c'), 20, 3)) {
      expect(new Set(replicas.map((id) => rackOf.get(id))).size).toBe(3);
    }
    for (const replicas of placeAtRandom(brokers('a', 'a', 'a', 'b'), 10, 3)) expect(replicas).toContain(4);
  });

  test('begins at random', () => {
    const leaders = Array.from({ length: 50 }, () => placeAtRandom(brokers(null, null), 1, 1)[0]![0]);
    expect(new Set(leaders)).toEqual(new Set([1, 2]));
  });

  test('needs a broker for each replica', () => {
    expect(() => placeAtRandom(brokers(null), 1, 2)).toThrow(
      'The target replication factor of 2 cannot be reached because only 1 broker(s) are registered',
    );
  });
});

describe('throttles', () => {
  const moving = { ...at('a', 0, 1, 2, 3), addingReplicas: [3], removingReplicas: [1] };

  test('are for who sends and for who gets', () => {
    const moves = movesOf([], [at('a', 0, 3, 2), at('a', 1, 4)], [at('a', 0, 1, 2), at('a', 1, 3)]);
    expect(throttledReplicas(moves)).toEqual({ leaders: '0:1,0:2,1:3', followers: '0:3,1:4' });
  });

  test('count what is under way from where it began', () => {
    const moves = movesOf([moving], [at('a', 0, 4)], [at('a', 0, 1, 2, 3)]);
    expect(throttledReplicas(moves)).toEqual({ leaders: '0:1,0:2', followers: '0:4' });
    expect(throttledReplicas(movesOf([moving], [], []))).toEqual({ leaders: '0:1,0:2', followers: '0:3' });
  });

  test('are listed with what is under way', () => {
    expect(ongoingLine(moving)).toBe('a-0: replicas: 1,2,3. adding: 3. removing: 1.');
    expect(ongoingLine({ ...moving, addingReplicas: [] })).toBe('a-0: replicas: 1,2,3. removing: 1.');
  });
});

describe('the status', () => {
  test('of partitions', () => {
    const states = new Map([
      ['a-0', { replicas: [1, 2], isMoving: false }],
      ['a-1', { replicas: [2, 1], isMoving: false }],
      ['b-0', { replicas: [1, 2], isMoving: true }],
    ]);
    const plan = [at('b', 0, 1, 2), at('a', 1, 1, 2), at('a', 0, 1, 2), at('gone', 0, 1)];
    expect(partitionStatus(plan, states).split('\n')).toEqual([
      'Status of partition reassignment:',
      'Reassignment of partition a-0 is completed.',
      'There is no active reassignment of partition a-1, but replica set is 2,1 rather than 1,2.',
      'Reassignment of partition b-0 is still in progress.',
      'There is no active reassignment of partition gone-0, but replica set is  rather than 1.',
    ]);
  });

  test('of moves between directories', () => {
    const move = (brokerId: number) => ({ topic: 'a', partition: 0, brokerId, path: '/y' });
    const dirs = new Map([
      ['a-0-1', { current: '/x', future: '/y' }],
      ['a-0-2', { current: '/x', future: '/z' }],
      ['a-0-3', { current: '/y' }],
      ['a-0-4', { current: '/x' }],
    ]);
    expect(moveStatus([5, 4, 3, 2, 1].map(move), dirs).split('\n')).toEqual([
      'Reassignment of replica a-0-1 is still in progress.',
      'Partition a-0 on broker 2 is being moved to log dir /z instead of /y.',
      'Reassignment of replica a-0-3 completed successfully.',
      'Partition a-0 on broker 4 is not being moved from log dir /x to /y.',
      'Partition a-0 is not found in any live log dir on broker 5. There is likely an offline log directory on the broker.',
    ]);
  });
});

describe('reassign-partitions', () => {
  let cluster: ToolCluster;

  beforeEach(async () => {
    cluster = await ToolCluster.start();
    cluster.broker.on('ListPartitionReassignments', () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      topics: [],
    }));
  });

  afterEach(() => cluster.stop());

  test('asks again where a broker does not have the replica yet', async () => {
    cluster.topics.add('t', 1);
    const dir = { errorCode: 0, logDir: '/data', topics: [] };
    cluster.broker.on('DescribeLogDirs', () => ({ throttleTimeMs: 0, errorCode: 0, results: [dir] }));
    const partitions = [{ partitionIndex: 0, errorCode: 0, errorMessage: null }];
    cluster.broker.on('AlterPartitionReassignments', () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      responses: [{ name: 't', partitions }],
    }));
    const codes = [ErrorCode.REPLICA_NOT_AVAILABLE, ErrorCode.NONE];
    cluster.broker.on('AlterReplicaLogDirs', () => ({
      throttleTimeMs: 0,
      results: [{ topicName: 't', partitions: [{ partitionIndex: 0, errorCode: codes.shift() }] }],
    }));
    const plan = cluster.file('plan.json', JSON.stringify({ partitions: [{ ...at('t', 0, 1), log_dirs: ['/data'] }] }));
    const { code, out } = await cluster.run(reassign, `--execute --reassignment-json-file ${plan}`);
    expect(code).toBe(0);
    expect(out).toContain(
      'Successfully started partition reassignment for t-0\n' +
        'Successfully started moving log directory to /data for replica t-0 with broker 1 \n',
    );
    expect(cluster.broker.requests('AlterReplicaLogDirs')).toHaveLength(2);
  });

  test('says when there is nothing to list or to cancel', async () => {
    expect(await cluster.run(reassign, '--list')).toEqual({
      code: 0,
      out: 'No partition reassignments found.\n',
      err: '',
    });
    const plan = cluster.file('plan.json', '{}');
    const args = `--cancel --preserve-throttles --reassignment-json-file ${plan}`;
    expect((await cluster.run(reassign, args)).out).toBe(
      'None of the specified partition reassignments are active.\nNone of the specified partition moves are active.',
    );
  });
});
