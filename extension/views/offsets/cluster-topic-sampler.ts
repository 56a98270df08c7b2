import type { Admin } from '../../client/admin.ts';
import type { ConfigEntry } from '../../client/admin/configs.ts';
import type { OffsetSpec } from '../../client/admin/offsets.ts';
import type { PartitionDescription, TopicDescription } from '../../client/admin/topics.ts';
import type { PartitionSample, TopicSample, TopicSampler } from './topic-sample.ts';

export type TopicAdmin = Pick<Admin, 'describeConfigs' | 'describeLogDirs' | 'describeTopics' | 'listOffsets'>;

export interface SamplerOptions {
  readonly topic: string;
  /** Asked for upon each sample, as a cluster that restarts has another client. Throws while there is none. */
  readonly admin: () => TopicAdmin;
  /** Log end offsets of the leaders, which clients are not told; undefined where nobody knows them. */
  readonly logEnds?: (topic: string) => Promise<ReadonlyMap<number, number>>;
}

/** Samples between two looks at what changes seldom. */
const SIZES_EVERY = 2;
const CONFIGS_EVERY = 30;

type Offsets = ReadonlyMap<number, number>;
type TopicConfigs = Pick<TopicSample, 'cleanupPolicy' | 'retentionMs' | 'retentionBytes'>;

const NO_CONFIGS: TopicConfigs = { cleanupPolicy: null, retentionMs: null, retentionBytes: null };
const NOTHING_KNOWN: Offsets = new Map();

/**
 * Asks a cluster about one topic through the Kafka protocol. Sizes and configs are asked for now and then and may be
 * refused (a user without rights): the sample goes without them.
 */
export class ClusterTopicSampler implements TopicSampler {
  readonly #options: SamplerOptions;
  #count = 0;
  #sizes: Offsets = NOTHING_KNOWN;
  #configs = NO_CONFIGS;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  async sample(signal: AbortSignal): Promise<TopicSample | null> {
    const admin = this.#options.admin();
    const [description] = await admin.describeTopics([this.#options.topic]);
    signal.throwIfAborted();
    if (description === undefined || description.error?.code === 'UNKNOWN_TOPIC_OR_PARTITION') return null;
    if (description.error !== null) throw description.error;
    const [starts, stable, watermarks, ends] = await Promise.all([
      this.#offsets(admin, description, 'earliest'),
      this.#offsets(admin, description, 'latest', 'read_committed'),
      this.#offsets(admin, description, 'latest'),
      this.#logEnds(),
      this.#refreshSlowFacts(admin, description),
    ]);
    this.#count++;
    const partitions = description.partitions.map((partition) => ({
      ...this.#describe(partition),
      logStart: starts.found.get(partition.partition) ?? null,
      lastStable: stable.found.get(partition.partition) ?? null,
      highWatermark: watermarks.found.get(partition.partition) ?? null,
      logEnd: ends.get(partition.partition) ?? watermarks.found.get(partition.partition) ?? null,
      problem: watermarks.problems.get(partition.partition) ?? null,
    }));
    return { internal: description.isInternal, partitions, ...this.#configs };
  }

  #describe(partition: PartitionDescription) {
    return {
      partition: partition.partition,
      leader: partition.leader,
      leaderEpoch: partition.leaderEpoch < 0 ? null : partition.leaderEpoch,
      replicas: partition.replicas,
      isr: partition.isr,
      offline: partition.offlineReplicas,
      eligible: partition.elr ?? [],
      sizeBytes: this.#sizes.get(partition.partition) ?? null,
    } satisfies Partial<PartitionSample>;
  }

  /** Of the partitions that have a leader; the others would only cost time. */
  async #offsets(
    admin: TopicAdmin,
    { name: topic, partitions }: TopicDescription,
    spec: OffsetSpec,
    isolation: 'read_committed' | 'read_uncommitted' = 'read_uncommitted',
  ): Promise<{ found: Offsets; problems: ReadonlyMap<number, string> }> {
    const wanted = partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => ({ topic, partition, spec }));
    const found = new Map<number, number>();
    const problems = new Map<number, string>();
    if (wanted.length === 0) return { found, problems };
    for (const { partition, value, error } of await admin.listOffsets(wanted, { isolation, retryTimeoutMs: 0 })) {
      if (error !== null) problems.set(partition, error.message);
      else if (value.offset >= 0) found.set(partition, value.offset);
    }
    return { found, problems };
  }

  async #logEnds(): Promise<Offsets> {
    try {
      return (await this.#options.logEnds?.(this.#options.topic)) ?? NOTHING_KNOWN;
    } catch {
      // Nice to know, no more.
      return NOTHING_KNOWN;
    }
  }

  async #refreshSlowFacts(admin: TopicAdmin, description: TopicDescription): Promise<void> {
    const jobs: Promise<void>[] = [];
    if (this.#count % SIZES_EVERY === 0) jobs.push(this.#refreshSizes(admin, description));
    if (this.#count % CONFIGS_EVERY === 0) jobs.push(this.#refreshConfigs(admin));
    await Promise.allSettled(jobs);
  }

  async #refreshSizes(admin: TopicAdmin, { name: topic, partitions }: TopicDescription): Promise<void> {
    const leaders = new Map(partitions.map(({ partition, leader }) => [partition, leader]));
    const brokers = await admin.describeLogDirs({
      brokerIds: [...new Set(leaders.values())].filter((leader) => leader >= 0),
      partitions: partitions.map(({ partition }) => ({ topic, partition })),
    });
    const sizes = new Map<number, number>();
    for (const { brokerId, dirs } of brokers) {
      for (const replica of dirs.flatMap(({ replicas }) => replicas)) {
        if (replica.isFuture || leaders.get(replica.partition) !== brokerId) continue;
        sizes.set(replica.partition, replica.sizeBytes);
      }
    }
    this.#sizes = sizes;
  }

  async #refreshConfigs(admin: TopicAdmin): Promise<void> {
    const resource = { type: 'topic', name: this.#options.topic } as const;
    const names = ['cleanup.policy', 'retention.ms', 'retention.bytes'];
    const [configs] = await admin.describeConfigs([resource], { names });
    if (configs === undefined || configs.error !== null) return;
    const value = (name: string): string | null => valueOf(configs.entries, name);
    this.#configs = {
      cleanupPolicy: value('cleanup.policy'),
      retentionMs: numberOrNull(value('retention.ms')),
      retentionBytes: numberOrNull(value('retention.bytes')),
    };
  }
}

function valueOf(entries: readonly ConfigEntry[], name: string): string | null {
  return entries.find((entry) => entry.name === name)?.value ?? null;
}

function numberOrNull(text: string | null): number | null {
  return text === null || text === '' ? null : Number(text);
}
