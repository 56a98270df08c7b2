import { afterEach, describe, expect, test } from 'vitest';
import { ClusterClient } from '../../../extension/client/cluster-client.ts';
import { decodeAssignment, encodeAssignment } from '../../../extension/client/consumer-protocol.ts';
import { GroupConsumer, type GroupConsumerOptions } from '../../../extension/client/group-consumer.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import type { JoinGroupRequest } from '../../../extension/protocol/generated/join-group-request.ts';
import type { OffsetCommitRequest } from '../../../extension/protocol/generated/offset-commit-request.ts';
import type { OffsetFetchRequest } from '../../../extension/protocol/generated/offset-fetch-request.ts';
import type { SyncGroupRequest } from '../../../extension/protocol/generated/sync-group-request.ts';
import { FakeBroker } from '../../support/fake-broker.ts';
import { FakeTopics } from '../../support/fake-topics.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

/** A coordinator of one group with one member, which leads it. */
class FakeGroup {
  readonly broker: FakeBroker;
  readonly committed = new Map<string, number>();
  generation = 0;
  /** Answered to the next heartbeats. */
  readonly heartbeats: number[] = [];
  left = 0;

  constructor(broker: FakeBroker) {
    this.broker = broker;
    broker
      .on('FindCoordinator', () => ({
        coordinators: [{ key: 'g', nodeId: 1, host: '127.0.0.1', port: broker.port, errorCode: 0, errorMessage: null }],
      }))
      .on('JoinGroup', (request: JoinGroupRequest) => this.#join(request))
      .on('SyncGroup', ({ assignments }: SyncGroupRequest) => ({
        errorCode: 0,
        protocolType: 'consumer',
        protocolName: 'range',
        assignment: assignments[0]?.assignment ?? encodeAssignment([]),
      }))
      .on('Heartbeat', () => ({ errorCode: this.heartbeats.shift() ?? 0 }))
      .on('LeaveGroup', () => {
        this.left += 1;
        return { errorCode: 0, members: [] };
      })
      .on('OffsetCommit', (request: OffsetCommitRequest) => this.#commit(request))
      .on('OffsetFetch', (request: OffsetFetchRequest) => this.#fetch(request));
  }

  #join({ memberId, protocols }: JoinGroupRequest): object {
    const nobody = { generationId: -1, protocolType: null, protocolName: null, leader: '', members: [] };
    if (memberId === '') return { errorCode: ErrorCode.MEMBER_ID_REQUIRED, ...nobody, memberId: 'member-1' };
    this.generation += 1;
    return {
      errorCode: 0,
      generationId: this.generation,
      protocolType: 'consumer',
      protocolName: 'range',
      leader: memberId,
      memberId,
      members: [{ memberId, metadata: protocols[0]!.metadata }],
    };
  }

  #commit({ topics, generationIdOrMemberEpoch }: OffsetCommitRequest): object {
    const errorCode = generationIdOrMemberEpoch === this.generation ? 0 : ErrorCode.ILLEGAL_GENERATION;
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, committedOffset }) => {
          if (errorCode === 0) this.committed.set(`${name}-${partitionIndex}`, committedOffset);
          return { partitionIndex, errorCode };
        }),
      })),
    };
  }

  #fetch({ groups }: OffsetFetchRequest): object {
    return {
      groups: groups.map(({ groupId, topics }) => ({
        groupId,
        topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            committedOffset: this.committed.get(`${name}-${partitionIndex}`) ?? -1,
            metadata: '',
            errorCode: 0,
          })),
        })),
      })),
    };
  }
}

interface SetUp {
  readonly broker: FakeBroker;
  readonly topics: FakeTopics;
  readonly group: FakeGroup;
  consumer(options?: Partial<GroupConsumerOptions>): GroupConsumer;
}

async function setUp(): Promise<SetUp> {
  const broker = await FakeBroker.start();
  const topics = new FakeTopics().serve(broker);
  const group = new FakeGroup(broker);
  const client = new ClusterClient({ bootstrap: broker.address, retryTimeoutMs: 300 });
  cleanUps.push(
    () => broker[Symbol.asyncDispose](),
    () => client.close(),
  );
  return {
    broker,
    topics,
    group,
    consumer(given = {}) {
      const consumer = new GroupConsumer(client, {
        groupId: 'g',
        topics: ['t'],
        offsetReset: 'earliest',
        heartbeatIntervalMs: 20,
        ...given,
      });
      cleanUps.push(() => consumer.close().catch(() => undefined));
      return consumer;
    },
  };
}

const named = (...names: string[]) => names.map((name) => ({ value: Buffer.from(name) }));

async function read(consumer: GroupConsumer, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const chunk = await consumer.next(5_000);
    if (chunk === null || chunk === undefined) throw new Error(`only ${found.length} records came`);
    found.push(...chunk.records.map(({ value }) => String(value)));
  }
  return found;
}

describe('GroupConsumer', () => {
  test('joins, shares out, reads, commits and leaves', async () => {
    const { broker, topics, group, consumer } = await setUp();
    for (const partition of topics.add('t', 2)) topics.append(partition, named(`p${partition.partition}`));
    const member = consumer();
    const assigned: number[] = [];
    member.onAssigned((partitions) => assigned.push(partitions.length));
    expect((await read(member, 2)).sort()).toEqual(['p0', 'p1']);
    await member.close();
    expect(Object.fromEntries(group.committed)).toEqual({ 't-0': 1, 't-1': 1 });
    expect(group.left).toBe(1);
    expect(assigned).toEqual([2]);
    expect(broker.requests('JoinGroup').map(({ body }) => body.memberId)).toEqual(['', 'member-1']);
    const [{ assignment }] = broker.requests('SyncGroup')[0]!.body.assignments;
    expect(decodeAssignment(assignment)).toHaveLength(2);
    expect(await member.next()).toBeNull();
  });

  test('goes on where the group was', async () => {
    const { topics, group, consumer } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a', 'b', 'c'));
    group.committed.set('t-0', 2);
    expect(await read(consumer(), 1)).toEqual(['c']);
  });

  test('begins at the end where nothing is committed, if told so', async () => {
    const { topics, consumer } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('old'));
    const member = consumer({ offsetReset: 'latest' });
    expect(await member.next(60)).toBeUndefined();
    topics.append(partition!, named('new'));
    expect(await read(member, 1)).toEqual(['new']);
  });

  test('refuses to guess where nothing is committed, if told so', async () => {
    const { topics, consumer } = await setUp();
    topics.add('t', 1);
    await expect(consumer({ offsetReset: 'none' }).next()).rejects.toThrow(/no committed offset for t-0/);
  });

  test('commits in between what was consumed, not what was only handed out', async () => {
    const { topics, group, consumer } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    topics.append(partition!, named('b'));
    topics.append(partition!, named('c'));
    const member = consumer({ autoCommitIntervalMs: 0 });
    await member.next(5_000);
    const beats = () => group.broker.requests('Heartbeat').length;
    const before = beats();
    await expect.poll(beats).toBeGreaterThan(before + 1);
    expect(group.committed.size).toBe(0);
    await member.next(5_000);
    await expect.poll(() => group.committed.get('t-0')).toBe(2);
  });

  test('commits up to where a reader stopped within a chunk', async () => {
    const { topics, group, consumer } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a', 'b', 'c'));
    const member = consumer();
    await member.next(5_000);
    member.markConsumed({ topic: 't', partition: 0, offset: 1 });
    await member.close();
    expect(group.committed.get('t-0')).toBe(1);
  });

  test('commits nothing when told not to', async () => {
    const { topics, group, consumer } = await setUp();
    topics.append(topics.add('t', 1)[0]!, named('a'));
    const member = consumer({ autoCommit: false });
    await read(member, 1);
    await member.close();
    expect(group.committed.size).toBe(0);
    expect(group.left).toBe(1);
  });

  test('joins again when the group rebalances, without losing its place', async () => {
    const { topics, group, consumer } = await setUp();
    const [partition] = topics.add('t', 1);
    topics.append(partition!, named('a'));
    const member = consumer();
    expect(await read(member, 1)).toEqual(['a']);
    group.heartbeats.push(ErrorCode.REBALANCE_IN_PROGRESS);
    const next = read(member, 1);
    await expect.poll(() => group.generation).toBe(2);
    topics.append(partition!, named('b'));
    expect(await next).toEqual(['b']);
  });

  test('comes back as somebody new when the group has forgotten it', async () => {
    const { broker, topics, group, consumer } = await setUp();
    const [partition] = topics.add('t', 1);
    const member = consumer();
    expect(await member.next(20)).toBeUndefined();
    group.heartbeats.push(ErrorCode.UNKNOWN_MEMBER_ID);
    const next = read(member, 1);
    await expect.poll(() => group.generation).toBe(2);
    topics.append(partition!, named('a'));
    expect(await next).toEqual(['a']);
    expect(broker.requests('JoinGroup').length).toBeGreaterThanOrEqual(3);
  });

  test('fails when the group does not want it', async () => {
    const { broker, topics, consumer } = await setUp();
    topics.add('t', 1);
    broker.on('JoinGroup', () => ({
      errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED,
      generationId: -1,
      protocolType: null,
      protocolName: null,
      leader: '',
      memberId: '',
      members: [],
    }));
    await expect(consumer().next()).rejects.toMatchObject({ code: 'GROUP_AUTHORIZATION_FAILED' });
  });
});
