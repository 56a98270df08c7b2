import { t } from '../settings/localize.ts';
import { brokersSpec, brokerSpec, quorumSpec } from './broker-looks.ts';
import { clusterSpec, emptySpec, startErrorSpec } from './cluster-looks.ts';
import type { SessionState } from './cluster-session.ts';
import type { ExplorerSource, GroupFacts, PartitionFacts } from './explorer-source.ts';
import type { LoadChildren, Rows } from './explorer-tree.ts';
import { groupOffsetSpec, groupOffsetsSpec, groupsSpec, groupSpec, memberSpec, membersSpec } from './group-looks.ts';
import { replicaSpec } from './replica-looks.ts';
import { partitionSpec, segmentSpec, topicsSpec, topicSpec } from './topic-looks.ts';
import { within } from './within.ts';
import type { NodeSpec, NodeTarget } from './tree-node.ts';

type PartitionTarget = Extract<NodeTarget, { kind: 'partition' }>;
type SegmentsOf = Pick<Extract<NodeTarget, { kind: 'replica' }>, 'topic' | 'partition' | 'broker'>;

/** How long rows may take; then those of before stay, and the next round asks again. */
const rowsPatienceMs = 4_000;
const adornmentPatienceMs = 1_000;

/** What the rows come from. */
export interface TreeContext {
  readonly sessionId: string;
  readonly state: () => SessionState;
  /** Of the cluster that is up; throws when none is. */
  readonly source: () => ExplorerSource;
  readonly showInternalTopics: () => boolean;
}

/** Reads the rows below any node. */
export function loadChildren(context: TreeContext): LoadChildren {
  return async (node, limit) =>
    node === undefined ? all(rootSpecs(context)) : within(rowsPatienceMs, below(context, node.target, limit));
}

/** Nothing while the cluster is off: then the welcome view has the floor. */
function rootSpecs(context: TreeContext): readonly NodeSpec[] {
  const state = context.state();
  return state.kind === 'off' ? [] : [clusterSpec(context.sessionId, state)];
}

async function below(context: TreeContext, target: NodeTarget, limit: number): Promise<Rows> {
  switch (target.kind) {
    case 'cluster':
      return all(await clusterChildren(context));
    case 'brokers':
      return all((await context.source().brokers()).map((broker) => brokerSpec(broker)));
    case 'topics':
      return topicRows(context, limit);
    case 'topic':
      return partitionRows(context, target.topic, limit);
    case 'partition':
      return belowPartition(context, target, limit);
    case 'replica':
      return segmentRows(context, target, limit);
    case 'segment':
      return all(target.files);
    case 'groups':
      return groupRows(context, limit);
    case 'group':
      return all(await groupChildren(context, target.group));
    case 'members':
      return page(await context.source().members(target.group), limit, memberSpec, t('No members'));
    case 'group-offsets':
      return page(await context.source().groupOffsets(target.group), limit, groupOffsetSpec, t('No offsets'));
    case 'broker':
    case 'file':
    case 'member':
    case 'group-offset':
    case 'error':
    case 'empty':
    case 'more':
      return all([]);
  }
}

function all(specs: readonly NodeSpec[]): Rows {
  return { specs, hidden: 0 };
}

/** Looks are made only for the rows that can be seen. */
function page<T>(
  items: readonly T[],
  limit: number,
  describe: (item: T) => NodeSpec,
  ...whenEmpty: [string, string?]
): Rows {
  if (items.length === 0) return all([emptySpec(...whenEmpty)]);
  const specs = items.slice(0, limit).map((item) => describe(item));
  return { specs, hidden: items.length - specs.length };
}

const noTopicsHint = (): string => t('Create one with + above, or let a client write to one.');
const noGroupsHint = (): string => t('A group is here as soon as a client consumes with its group.id.');

/** The folders show even where one of them cannot be counted: the error stands inside. */
async function clusterChildren(context: TreeContext): Promise<readonly NodeSpec[]> {
  const state = context.state();
  if (state.kind === 'failed') return [startErrorSpec(state.code, state.message)];
  if (state.kind !== 'running' && state.kind !== 'attached') return [];
  const source = context.source();
  const [brokers, voters, topics, groups] = await Promise.all([
    orUndefined(source.brokers()),
    orUndefined(source.voters?.() ?? Promise.resolve([])),
    orUndefined(source.topics()),
    orUndefined(source.groups()),
  ]);
  const internal = topics?.filter(({ isInternal }) => isInternal).length ?? 0;
  const hidden = context.showInternalTopics() ? 0 : internal;
  // Without voters there is nothing to lose.
  const trouble = voters === undefined || voters.length === 0 ? undefined : quorumSpec(voters, brokers ?? []);
  return [
    ...(trouble === undefined ? [] : [trouble]),
    brokersSpec(brokers),
    topicsSpec(topics === undefined ? undefined : topics.length - hidden, hidden),
    groupsSpec(groups?.length),
  ];
}

/** What only adorns a row is not waited for long: a broker that hangs must not hold up the tree. */
async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await within(adornmentPatienceMs, promise);
  } catch {
    return undefined;
  }
}

/** Ends are asked for only where they can be seen: a cluster may have thousands of topics. */
async function topicRows(context: TreeContext, limit: number): Promise<Rows> {
  const source = context.source();
  const every = await source.topics();
  const topics = context.showInternalTopics() ? every : every.filter(({ isInternal }) => !isInternal);
  const offsets = await orUndefined(source.offsets(topics.slice(0, limit)));
  return page(
    topics,
    limit,
    (topic) => topicSpec(topic, offsets?.get(topic.topic)),
    t('No topics yet'),
    noTopicsHint(),
  );
}

async function partitionRows(context: TreeContext, name: string, limit: number): Promise<Rows> {
  const source = context.source();
  const topic = (await source.topics()).find((each) => each.topic === name);
  if (topic === undefined) return all([]);
  const [offsets, sizes] = await Promise.all([orUndefined(source.offsets([topic])), orUndefined(source.sizes(topic))]);
  const describe = (partition: PartitionFacts): NodeSpec =>
    partitionSpec(topic, partition, {
      range: offsets?.get(name)?.get(partition.partition),
      sizeBytes: sizes?.get(partition.partition),
      hasFiles: source.segments !== undefined,
    });
  return page(topic.partitions, limit, describe, t('No partitions'));
}

/** Where there is one replica its segments come at once. */
async function belowPartition(context: TreeContext, target: PartitionTarget, limit: number): Promise<Rows> {
  const { topic, partition, replicas, leader } = target;
  const source = context.source();
  if (replicas.length < 2 || source.replicas === undefined) {
    return segmentRows(context, { topic, partition, broker: leader }, limit);
  }
  const facts = await source.replicas(topic, partition);
  return page(facts, limit, (replica) => replicaSpec(topic, partition, replica), t('No replicas'));
}

async function segmentRows(context: TreeContext, target: SegmentsOf, limit: number): Promise<Rows> {
  const { topic, partition, broker } = target;
  const segments = (await context.source().segments?.(topic, partition, broker)) ?? [];
  return page(segments, limit, (segment) => segmentSpec(topic, partition, segment), t('No segments'));
}

/** Each group's lag is a request of its own, so only a handful are asked. */
const lagsShown = 50;

async function groupRows(context: TreeContext, limit: number): Promise<Rows> {
  const source = context.source();
  const groups = await source.groups();
  const lags = new Map<string, number | undefined>();
  if (groups.length <= lagsShown) {
    await Promise.all(groups.map(async ({ group }) => lags.set(group, await orUndefined(lagOf(source, group)))));
  }
  const describe = (group: GroupFacts): NodeSpec => {
    const lag = lags.get(group.group);
    return groupSpec(lag === undefined ? group : { ...group, lag });
  };
  return page(groups, limit, describe, t('No consumer groups yet'), noGroupsHint());
}

async function lagOf(source: ExplorerSource, group: string): Promise<number | undefined> {
  const known = (await source.groupOffsets(group)).flatMap(({ lag }) => (lag === undefined ? [] : [lag]));
  return known.length === 0 ? undefined : known.reduce((sum, lag) => sum + lag, 0);
}

async function groupChildren(context: TreeContext, group: string): Promise<readonly NodeSpec[]> {
  const source = context.source();
  const [members, offsets] = await Promise.all([source.members(group), source.groupOffsets(group)]);
  return [membersSpec(group, members), groupOffsetsSpec(group, offsets)];
}
