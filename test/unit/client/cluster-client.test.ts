import { afterEach, describe, expect, test } from 'vitest';
import { Admin } from '../../../extension/client/admin.ts';
import { ClusterClient, type ClusterClientOptions } from '../../../extension/client/cluster-client.ts';
import { CLOSE, FakeBroker, type FakeBrokerOptions } from '../../support/fake-broker.ts';
import { FakeTopics } from '../../support/fake-topics.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function fakeBroker(options?: FakeBrokerOptions): Promise<FakeBroker> {
  const broker = await FakeBroker.start(options);
  cleanUps.push(() => broker[Symbol.asyncDispose]());
  return broker;
}

function clientOf(broker: FakeBroker, options: Partial<ClusterClientOptions> = {}): ClusterClient {
  const client = new ClusterClient({ bootstrap: broker.address, ...options });
  cleanUps.push(() => client.close());
  return client;
}

describe('connecting', () => {
  test('nothing is connected before it is needed', async () => {
    const broker = await fakeBroker();
    const client = clientOf(broker);
    expect(broker.connections).toBe(0);
    const { brokers, clusterId } = await client.metadata();
    expect(clusterId).toBe('fake-cluster');
    expect(brokers).toEqual([{ id: 1, host: '127.0.0.1', port: broker.port, rack: null }]);
  });

  test('tries the next bootstrap server when one does not answer', async () => {
    const gone = await fakeBroker();
    const { address } = gone;
    await gone.stop();
    const broker = await fakeBroker();
    const client = clientOf(broker, { bootstrap: [address, broker.address] });
    expect((await client.metadata()).brokers).toHaveLength(1);
  });

  test('a client of controllers sends to the active one', async () => {
    const [follower, active] = [await fakeBroker({ nodeId: 101 }), await fakeBroker({ nodeId: 102 })];
    for (const controller of [follower, active]) {
      controller.on('DescribeCluster', ({ endpointType }) => ({
        errorCode: endpointType === 2 ? 0 : 115,
        errorMessage: null,
        clusterId: 'c',
        controllerId: 102,
        brokers: [active, follower].map(({ nodeId, port }) => ({ brokerId: nodeId, host: '127.0.0.1', port })),
      }));
      controller.on('ListPartitionReassignments', () => ({ errorCode: 0, errorMessage: null, topics: [] }));
    }
    active.on('IncrementalAlterConfigs', () => ({ responses: [] }));
    const client = clientOf(follower, { endpoints: 'controllers' });
    const resource = { type: 'broker', name: '1' } as const;
    await new Admin(client).incrementalAlterConfigs([{ resource, changes: [{ name: 'a', value: '1' }] }]);
    expect(active.requests('IncrementalAlterConfigs')).toHaveLength(1);
    expect(await new Admin(client).listReassignments()).toEqual([]);
    expect((await client.cluster()).brokers.map(({ id }) => id)).toEqual([101, 102]);
    expect(follower.requests('ListPartitionReassignments')).toHaveLength(0);
    expect(active.requests('ListPartitionReassignments')).toHaveLength(1);
    expect(follower.requests('Metadata')).toHaveLength(0);
  });

  test('fails at once when no bootstrap server answers', async () => {
    const gone = await fakeBroker();
    const { address, port } = gone;
    await gone.stop();
    const client = new ClusterClient({ bootstrap: [address, `localhost:${port}`], retryTimeoutMs: 60_000 });
    await expect(client.metadata()).rejects.toMatchObject({
      code: 'CONNECTION_REFUSED',
      message: expect.stringContaining('none of the 2 bootstrap servers answers'),
    });
  });

  test('uses one connection for many requests at once', async () => {
    const broker = await fakeBroker();
    const client = clientOf(broker);
    await Promise.all(Array.from({ length: 5 }, () => client.metadata()));
    expect(broker.connections).toBe(1);
  });

  test('comes back after the broker closed the connection', async () => {
    const broker = await fakeBroker();
    const client = clientOf(broker);
    await client.metadata();
    let asked = 0;
    broker.on('Metadata', () => (asked++ === 0 ? CLOSE : broker.metadata([])));
    expect((await client.metadata()).brokers).toHaveLength(1);
    expect(broker.connections).toBe(2);
  });

  test('says where a broker sends its clients when nobody is there', async () => {
    const gone = await fakeBroker({ nodeId: 2 });
    const broker = await fakeBroker();
    const metadata = broker.metadata([], [gone]);
    await gone.stop();
    broker.on('Metadata', () => metadata);
    const failure = clientOf(broker).connectionTo(2);
    await expect(failure).rejects.toThrow(/broker 2 tells its clients to use 127\.0\.0\.1:\d+, but: nothing listens/);
  });

  test('knows that a broker is not part of the cluster', async () => {
    const broker = await fakeBroker();
    await expect(clientOf(broker).connectionTo(9)).rejects.toMatchObject({ code: 'BROKER_NOT_AVAILABLE' });
  });

  test('rejects after close, without connecting again', async () => {
    const broker = await fakeBroker();
    const client = clientOf(broker);
    await client.metadata();
    client.close();
    await expect(client.metadata()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', retriable: false });
    expect(broker.connections).toBe(1);
  });
});

describe('routing', () => {
  test('looks for the coordinator again when it moved', async () => {
    const first = await fakeBroker({ nodeId: 1 });
    const second = await fakeBroker({ nodeId: 2 });
    let coordinator = first;
    const find = () => ({
      coordinators: [
        {
          key: 'g',
          nodeId: coordinator.nodeId,
          host: '127.0.0.1',
          port: coordinator.port,
          errorCode: 0,
          errorMessage: null,
        },
      ],
    });
    first.on('FindCoordinator', find).on('DeleteGroups', () => {
      coordinator = second;
      return { throttleTimeMs: 0, results: [{ groupId: 'g', errorCode: 16 }] };
    });
    second.on('DeleteGroups', () => ({ throttleTimeMs: 0, results: [{ groupId: 'g', errorCode: 0 }] }));
    const [result] = await new Admin(clientOf(first)).deleteGroups(['g']);
    expect(result).toEqual({ groupId: 'g', error: null });
    expect(second.requests('DeleteGroups')).toHaveLength(1);
  });

  test('stops waiting for a coordinator when time is up', async () => {
    const broker = await fakeBroker();
    broker.on('FindCoordinator', () => ({
      coordinators: [{ key: 'g', nodeId: -1, host: '', port: -1, errorCode: 15, errorMessage: null }],
    }));
    broker.on('DeleteGroups', () => CLOSE);
    const [result] = await new Admin(clientOf(broker, { retryTimeoutMs: 100 })).deleteGroups(['g']);
    expect(result?.error).toMatchObject({ code: 'COORDINATOR_NOT_AVAILABLE' });
  });

  test('follows a leader that moved', async () => {
    const first = await fakeBroker({ nodeId: 1 });
    const second = await fakeBroker({ nodeId: 2 });
    const topics = new FakeTopics();
    const [partition] = topics.add('t', 1, 1);
    topics.serve(first, [second]);
    topics.serve(second, [first]);
    let asked = 0;
    first.on('ListOffsets', () => {
      asked += 1;
      partition!.leader = 2;
      return { topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 6 }] }] };
    });
    const [result] = await new Admin(clientOf(first)).listOffsets([{ topic: 't', partition: 0, spec: 'latest' }]);
    expect(result).toMatchObject({ topic: 't', partition: 0, value: { offset: 0 }, error: null });
    expect(asked).toBe(1);
  });

  test('asks every leader once for all of its partitions', async () => {
    const first = await fakeBroker({ nodeId: 1 });
    const second = await fakeBroker({ nodeId: 2 });
    const topics = new FakeTopics();
    topics.add('t', 2, 1);
    topics.add('t', 2, 2);
    topics.serve(first, [second]);
    topics.serve(second, [first]);
    const wanted = [3, 2, 1, 0].map((partition) => ({ topic: 't', partition, spec: 'earliest' as const }));
    const results = await new Admin(clientOf(first)).listOffsets(wanted);
    expect(results.map(({ partition }) => partition)).toEqual([3, 2, 1, 0]);
    expect(results.every(({ value }) => value?.offset === 0)).toBe(true);
    expect([first.requests('ListOffsets').length, second.requests('ListOffsets').length]).toEqual([1, 1]);
  });

  test('does not wait for a topic that is not there, nor (if told so) for one without leader', async () => {
    const broker = await fakeBroker();
    const topics = new FakeTopics().serve(broker);
    topics.add('t', 1, -1);
    const results = await new Admin(clientOf(broker)).listOffsets(
      [
        { topic: 'nope', partition: 0, spec: 'latest' },
        { topic: 't', partition: 0, spec: 'latest' },
        { topic: 't', partition: 5, spec: 'latest' },
      ],
      { retryTimeoutMs: 0 },
    );
    expect(results.map(({ error }) => (error as { code?: string } | null)?.code)).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'LEADER_NOT_AVAILABLE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    expect(results[0]?.error?.message).toBe('nope-0: there is no such topic or partition (UNKNOWN_TOPIC_OR_PARTITION)');
  });
});
