import { beforeEach, describe, expect, test } from 'vitest';
import { drainBroker, leaveQuorum, replaceVoter, unregisterBroker } from '../../../extension/cluster/broker-removal.ts';
import type { NodeChannel } from '../../../extension/engine/common/network.ts';
import { NodeUnreachableError } from '../../../extension/engine/common/network.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';

interface Partition {
  topic: string;
  partition: number;
  leader: number;
  replicas: readonly number[];
}

interface Reassignments {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly replicas: readonly number[] }[];
  }[];
}

const address = { nodeId: 1, host: '127.0.0.1', port: 9092 };

/** A cluster that answers what a removal asks; a reassignment comes into force with the second look after it. */
class FakeCluster implements NodeChannel {
  readonly address = address;
  readonly partitions: Partition[];
  voters = [1, 2, 3];
  brokers = [1, 2, 3];
  copies = true;
  closed = false;
  readonly removed: object[] = [];
  /** The codes that the next answers carry; `null` breaks the line. */
  readonly failures: (number | null)[] = [];
  #pending: Partition[] = [];
  #looks = 0;

  constructor(partitions: Partition[]) {
    this.partitions = partitions;
  }

  send: NodeChannel['send'] = (request, _response, body) =>
    Promise.resolve().then(() => this.#answer((request as { readonly name: string }).name, body) as never);

  onBroken(): void {}

  close(): void {
    this.closed = true;
  }

  #answer(name: string, body: unknown): object {
    const failure = this.failures.shift() ?? 0;
    if (failure === null || this.failures.length > 1_000)
      throw new NodeUnreachableError('broken', address, 'the line broke');
    const status = { throttleTimeMs: 0, errorCode: failure, errorMessage: failure === 0 ? null : 'Not now.' };
    switch (name) {
      case 'MetadataRequest':
        return this.#metadata();
      case 'DescribeQuorumRequest':
        return {
          ...status,
          topics: [
            {
              partitions: [
                {
                  errorCode: 0,
                  currentVoters: this.voters.map((id) => ({ replicaId: id, replicaDirectoryId: `disk-${id}` })),
                },
              ],
            },
          ],
        };
      case 'AlterPartitionReassignmentsRequest':
        if (failure === 0) this.#reassign(body as Reassignments);
        return { ...status, responses: [] };
      default:
        this.removed.push(body as object);
        return status;
    }
  }

  #metadata(): object {
    if (this.copies && this.#pending.length > 0 && ++this.#looks >= 2) {
      for (const { topic, partition, replicas } of this.#pending) this.#find(topic, partition).replicas = replicas;
      this.#pending = [];
    }
    const topics = [...new Set(this.partitions.map(({ topic }) => topic))];
    return {
      brokers: this.brokers.map((nodeId) => ({ nodeId })),
      topics: topics.map((name) => ({
        name,
        partitions: this.partitions
          .filter(({ topic }) => topic === name)
          .map(({ partition, leader, replicas }) => ({
            partitionIndex: partition,
            leaderId: leader,
            replicaNodes: replicas,
          })),
      })),
    };
  }

  #reassign({ topics }: Reassignments): void {
    this.#looks = 0;
    this.#pending = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas }) => ({
        topic: name,
        partition: partitionIndex,
        leader: 1,
        replicas,
      })),
    );
  }

  #find(topic: string, partition: number): Partition {
    const found = this.partitions.find((each) => each.topic === topic && each.partition === partition);
    if (found === undefined) throw new Error(`no ${topic}-${partition}`);
    return found;
  }
}

let clock: FakeClock;
let cluster: FakeCluster;
let progress: string[];

beforeEach(() => {
  clock = new FakeClock();
  progress = [];
  cluster = new FakeCluster([
    { topic: 'orders', partition: 0, leader: 1, replicas: [1, 2] },
    { topic: 'orders', partition: 1, leader: 3, replicas: [3, 1] },
    { topic: 'wide', partition: 0, leader: 3, replicas: [3, 2, 1] },
  ]);
});

/** Lets time pass until the work is done. */
async function finish<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const noted = work.finally(() => (isDone = true));
  noted.catch(() => {});
  for (let round = 0; round < 2_000 && !isDone; round++) await clock.advance(200);
  return noted;
}

const drain = (): Promise<{ movedReplicas: number }> =>
  finish(drainBroker(cluster, 3, clock, (done, total, message) => progress.push(`${done}/${total} ${message}`)));

describe('drainBroker', () => {
  test('moves every replica away and tells how far it is', async () => {
    await expect(drain()).resolves.toEqual({ movedReplicas: 2 });
    expect(cluster.partitions.map(({ replicas }) => replicas)).toEqual([
      [1, 2],
      [2, 1],
      [2, 1],
    ]);
    expect(progress).toEqual([
      '0/2 wide-0 keeps 2 replicas: there are not more brokers for it',
      '0/2 Moving 2 replicas of broker 3 to the others',
      '2/2 2 of 2 replicas have moved',
    ]);
    expect(cluster.closed).toBe(true);
  });

  test('asks again while the controller moves', async () => {
    cluster.failures.push(ErrorCode.NOT_CONTROLLER, null, 0, 0, ErrorCode.NOT_CONTROLLER);
    await expect(drain()).resolves.toEqual({ movedReplicas: 2 });
  });

  test('says what is refused', async () => {
    cluster.failures.push(0, 0, ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
    await expect(drain()).rejects.toThrow('Broker 3 cannot give its replicas away: Not now.');
    expect(cluster.closed).toBe(true);
  });

  test('does not touch a cluster that cannot do without the broker', async () => {
    cluster.voters = [3];
    await expect(drain()).rejects.toThrow('Broker 3 is the only voter of the metadata quorum');
    cluster.voters = [1];
    cluster.partitions[1]!.leader = -1;
    await expect(drain()).rejects.toThrow('orders-1 cannot be copied from broker 3');
    expect(progress).toEqual([]);
  });

  test('gives up when nothing moves', async () => {
    cluster.copies = false;
    await expect(drain()).rejects.toThrow('orders-1 and 1 more cannot be copied from broker 3');
  });
});

test('a voter leaves the quorum with its disk, who is none needs not', async () => {
  await finish(leaveQuorum(cluster, 3, clock));
  await finish(leaveQuorum(cluster, 4, clock));
  expect(cluster.removed).toEqual([{ clusterId: null, voterId: 3, voterDirectoryId: 'disk-3' }]);
});

test('a lost disk gives its vote to the new one', async () => {
  const listener = { name: 'CONTROLLER', host: '127.0.0.1', port: 10_094 };
  await expect(finish(replaceVoter(cluster, { voter: 3, directoryId: 'disk-new', listener }, clock))).resolves.toBe(
    true,
  );
  expect(cluster.removed).toEqual([
    { clusterId: null, voterId: 3, voterDirectoryId: 'disk-3' },
    expect.objectContaining({ voterId: 3, voterDirectoryId: 'disk-new', listeners: [listener] }),
  ]);
});

test.each([
  [3, 'disk-3'],
  [4, 'disk-new'],
])('node %i with %s has lost nothing', async (voter, directoryId) => {
  const listener = { name: 'CONTROLLER', host: '127.0.0.1', port: 10_094 };
  await expect(finish(replaceVoter(cluster, { voter, directoryId, listener }, clock))).resolves.toBe(false);
  expect(cluster.removed).toEqual([]);
});

test('one that is unregistered already is fine', async () => {
  cluster.failures.push(ErrorCode.BROKER_ID_NOT_REGISTERED);
  await finish(unregisterBroker(cluster, 3, clock));
  expect(cluster.removed).toEqual([{ brokerId: 3 }]);
});
