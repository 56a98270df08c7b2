import { Admin } from '../client/admin.ts';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { TopicMetadata } from '../client/cluster-metadata.ts';
import type { TopicPartition } from '../client/leader-routing.ts';
import type {
  BrokerFacts,
  ExplorerSource,
  GroupFacts,
  GroupOffsetFacts,
  MemberFacts,
  OffsetRange,
  TopicFacts,
} from './explorer-source.ts';

/** A leader that is away shows as missing offsets; the tree asks again soon anyway. */
const withoutRetry = { retryTimeoutMs: 0 };

/** Reads any cluster through Kafka's own protocol. */
export class ClientSource implements ExplorerSource {
  readonly #client: () => ClusterClient;

  /** `client` throws while the cluster is away. */
  constructor(client: () => ClusterClient) {
    this.#client = client;
  }

  get #admin(): Admin {
    return new Admin(this.#client());
  }

  async brokers(): Promise<readonly BrokerFacts[]> {
    const admin = this.#admin;
    const controller = admin.describeQuorum().then(
      ({ leaderId }) => leaderId,
      () => -1,
    );
    const { brokers } = await admin.describeCluster({ includeFenced: true });
    const controllerId = await controller;
    return brokers.map(({ id, host, port, rack, isFenced }) => ({
      id,
      host,
      port,
      rack,
      isController: id === controllerId,
      state: isFenced ? 'stopped' : 'running',
    }));
  }

  async topics(): Promise<readonly TopicFacts[]> {
    return (await this.#admin.listTopics()).map((topic) => topicFacts(topic));
  }

  async offsets(topics: readonly TopicFacts[]): Promise<ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>> {
    const led = topics.flatMap(({ topic, partitions }) =>
      partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => ({ topic, partition })),
    );
    const [starts, ends] = await Promise.all([this.#ends(led, 'earliest'), this.#ends(led, 'latest')]);
    const ranges = new Map<string, Map<number, OffsetRange>>();
    led.forEach(({ topic, partition }, index) => {
      const start = starts[index];
      const end = ends[index];
      if (start === undefined || end === undefined) return;
      const ofTopic = ranges.get(topic) ?? new Map<number, OffsetRange>();
      ranges.set(topic, ofTopic.set(partition, { start, end: Math.max(start, end) }));
    });
    return ranges;
  }

  /** In the order asked for; undefined where the leader did not tell. */
  async #ends(
    partitions: readonly TopicPartition[],
    spec: 'earliest' | 'latest',
  ): Promise<readonly (number | undefined)[]> {
    if (partitions.length === 0) return [];
    const wanted = partitions.map((partition) => ({ ...partition, spec }));
    const results = await this.#admin.listOffsets(wanted, withoutRetry);
    return results.map(({ value }) => value?.offset);
  }

  async sizes({ topic, partitions }: TopicFacts): Promise<ReadonlyMap<number, number>> {
    const leaders = new Map(partitions.map(({ partition, leader }) => [partition, leader]));
    const brokerIds = [...new Set(leaders.values())].filter((leader) => leader >= 0);
    const wanted = partitions.map(({ partition }) => ({ topic, partition }));
    const sizes = new Map<number, number>();
    for (const broker of await this.#admin.describeLogDirs({ brokerIds, partitions: wanted })) {
      for (const replica of broker.dirs.flatMap(({ replicas }) => replicas)) {
        if (!replica.isFuture && leaders.get(replica.partition) === broker.brokerId) {
          sizes.set(replica.partition, replica.sizeBytes);
        }
      }
    }
    return sizes;
  }

  async groups(): Promise<readonly GroupFacts[]> {
    const { groups } = await this.#admin.listGroups();
    return groups.map(({ groupId, state, type }) => ({
      group: groupId,
      state: state || 'Unknown',
      type: type || 'classic',
    }));
  }

  async members(group: string): Promise<readonly MemberFacts[]> {
    const { members } = await this.#admin.describeGroup(group);
    return members
      .map(({ memberId, clientId, host, instanceId, assignment }) => ({
        memberId,
        clientId,
        host,
        instanceId,
        assignment: byTopic(assignment),
      }))
      .sort((a, b) => compare(a.memberId, b.memberId));
  }

  async groupOffsets(group: string): Promise<readonly GroupOffsetFacts[]> {
    const committed = await this.#admin.listGroupOffsets(group);
    const ends = await this.#ends(committed, 'latest').catch(() => []);
    return committed
      .map(({ topic, partition, offset, metadata }, index) => {
        const end = ends[index];
        const lag = end === undefined ? {} : { lag: Math.max(0, end - offset) };
        return { topic, partition, committed: offset, metadata, ...lag };
      })
      .sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition);
  }
}

function topicFacts(topic: TopicMetadata): TopicFacts {
  return {
    topic: topic.name,
    isInternal: topic.isInternal || topic.name.startsWith('__'),
    partitions: topic.partitions,
    ...(topic.error === null ? {} : { error: topic.error.message }),
  };
}

function byTopic(assignment: readonly TopicPartition[]): MemberFacts['assignment'] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of assignment) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics]
    .map(([topic, partitions]) => ({ topic, partitions: partitions.sort((a, b) => a - b) }))
    .sort((a, b) => compare(a.topic, b.topic));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
