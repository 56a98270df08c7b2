import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import type { ConfigEntry } from '../client/admin/configs.ts';
import type { OngoingReassignment } from '../client/admin/replicas.ts';
import type { PartitionDescription, TopicDescription } from '../client/admin/topics.ts';
import { ZERO_TOPIC_ID } from '../client/cluster-metadata.ts';
import { partitionName } from '../client/leader-routing.ts';
import { inHashMapOrder, javaHashCode } from './java-hash-order.ts';
import type { ParsedOptions } from './option-parser.ts';
import { print } from './tool-io.ts';

interface Described {
  readonly topic: TopicDescription;
  readonly configs: readonly ConfigEntry[];
  readonly reassignments: ReadonlyMap<string, OngoingReassignment>;
  readonly liveBrokers: ReadonlySet<number>;
}

/** Prints topics as `kafka-topics --describe` does: a line per topic, an indented one per partition. */
export async function describeTopics(
  admin: Admin,
  names: readonly string[],
  options: ParsedOptions,
  out: Writable,
): Promise<void> {
  if (names.length === 0) return;
  const pageSize = options.integer('partition-size-limit-per-response');
  const [topics, configs, { brokers }, ongoing] = await Promise.all([
    admin.describeTopics(names, pageSize === undefined ? {} : { pageSize }),
    admin.describeConfigs(names.map((name) => ({ type: 'topic', name }))),
    admin.describeCluster(),
    // Brokers before 2.4 do not know; a user may not be allowed to ask.
    admin.listReassignments().catch(() => []),
  ]);
  const reassignments = new Map(ongoing.map((item) => [partitionName(item), item]));
  const liveBrokers = new Set(brokers.map(({ id }) => id));
  topics.forEach((topic, index) => {
    if (topic.error !== null) throw topic.error;
    printTopic({ topic, configs: configs[index]!.entries, reassignments, liveBrokers }, options, out);
  });
}

function printTopic(described: Described, options: ParsedOptions, out: Writable): void {
  const { topic, configs } = described;
  const isReport = Object.keys(REPORTS).some((name) => options.has(name));
  const overrides = inHashMapOrder(configs, ({ name }) => javaHashCode(name)).filter(
    ({ source }) => source !== 'DEFAULT_CONFIG',
  );
  if (options.has('topics-with-overrides')) {
    if (overrides.length > 0) print(out, topicLine(described, overrides));
    return;
  }
  if (!isReport) print(out, topicLine(described, overrides));
  for (const partition of topic.partitions) {
    if (!isReport || isReported(described, partition, options)) print(out, partitionLine(described, partition));
  }
}

function topicLine({ topic, reassignments }: Described, overrides: readonly ConfigEntry[]): string {
  const first = topic.partitions[0];
  const factor =
    first === undefined ? 0 : replicationFactor(first, reassignments.get(`${topic.name}-${first.partition}`));
  return [
    `Topic: ${topic.name}`,
    ...(topic.topicId === ZERO_TOPIC_ID ? [] : [`TopicId: ${topic.topicId}`]),
    `PartitionCount: ${topic.partitions.length}`,
    `ReplicationFactor: ${factor}`,
    `Configs: ${overrides.map(({ name, value }) => `${name}=${value}`).join(',')}`,
  ].join('\t');
}

/** Without the replicas that a reassignment is still adding. */
function replicationFactor(partition: PartitionDescription, ongoing: OngoingReassignment | undefined): number {
  return partition.replicas.length - (ongoing?.addingReplicas.length ?? 0);
}

function partitionLine({ topic, reassignments }: Described, partition: PartitionDescription): string {
  const ongoing = reassignments.get(`${topic.name}-${partition.partition}`);
  return [
    '',
    `Topic: ${topic.name}`,
    `Partition: ${partition.partition}`,
    `Leader: ${partition.leader < 0 ? 'none' : partition.leader}`,
    `Replicas: ${partition.replicas.join(',')}`,
    `Isr: ${partition.isr.join(',')}`,
    ...(ongoing === undefined
      ? []
      : [
          `Adding Replicas: ${ongoing.addingReplicas.join(',')}`,
          `Removing Replicas: ${ongoing.removingReplicas.join(',')}`,
        ]),
    `Elr: ${partition.elr?.join(',') ?? 'N/A'}`,
    `LastKnownElr: ${partition.lastKnownElr?.join(',') ?? 'N/A'}`,
  ].join('\t');
}

/** What each report looks for. */
const REPORTS: Readonly<Record<string, (described: Described, partition: PartitionDescription) => boolean>> = {
  'under-replicated-partitions': ({ topic, reassignments }, partition) =>
    replicationFactor(partition, reassignments.get(`${topic.name}-${partition.partition}`)) > partition.isr.length,
  'unavailable-partitions': ({ liveBrokers }, { leader }) => leader < 0 || !liveBrokers.has(leader),
  'under-min-isr-partitions': (described, { isr }) => isr.length < minInSync(described),
  'at-min-isr-partitions': (described, { isr }) => isr.length === minInSync(described),
};

function isReported(described: Described, partition: PartitionDescription, options: ParsedOptions): boolean {
  return Object.entries(REPORTS).some(([name, test]) => options.has(name) && test(described, partition));
}

function minInSync({ configs }: Described): number {
  return Number(configs.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1);
}
