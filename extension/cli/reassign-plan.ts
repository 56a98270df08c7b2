import type { Reassignment, ReplicaMove } from '../client/admin/replicas.ts';
import { partitionName, type TopicPartition } from '../client/leader-routing.ts';
import { inHashMapOrder, partitionHashCode } from './java-hash-order.ts';
import { asInteger, asList, asObject, asText, fieldOf, parseJson, type JsonObject } from './json-fields.ts';

/** Where a partition's replicas shall be, preferred leader first. */
export interface PartitionReplicas extends TopicPartition {
  readonly replicas: readonly number[];
}

export interface ReassignmentPlan {
  readonly partitions: readonly PartitionReplicas[];
  /** Replicas that shall lie in a certain directory. */
  readonly moves: readonly ReplicaMove[];
}

const ANY_DIRECTORY = 'any';
const VERSION = 1;

/** Reads a plan. Throws Error for a text that is not in the format. */
export function parsePlan(text: string): ReassignmentPlan {
  if (text === '') throw new Error("The input string shouldn't be empty");
  const object = versioned(text);
  const partitions: PartitionReplicas[] = [];
  const moves = new Map<string, ReplicaMove>();
  for (const item of asList(object['partitions'] ?? [])) {
    const { placed, dirs } = parsePartition(asObject(item));
    partitions.push(placed);
    placed.replicas.forEach((brokerId, index) => {
      const path = dirs[index]!;
      const move = { topic: placed.topic, partition: placed.partition, brokerId, path };
      if (path !== ANY_DIRECTORY) moves.set(replicaName(move), move);
    });
  }
  return { partitions, moves: [...moves.values()] };
}

function versioned(text: string): JsonObject {
  const json = parseJson(text);
  if (json === null) throw new Error('The input string is not a valid JSON');
  const object = asObject(json.value);
  const version = Object.hasOwn(object, 'version') ? asInteger(object['version']) : VERSION;
  if (version !== VERSION) throw new Error(`Not supported version field value ${version}`);
  return object;
}

function parsePartition(item: JsonObject): { placed: PartitionReplicas; dirs: readonly string[] } {
  const topic = asText(fieldOf(item, 'topic'));
  const partition = asInteger(fieldOf(item, 'partition'));
  const replicas = asList(fieldOf(item, 'replicas')).map(asInteger);
  const dirs = Object.hasOwn(item, 'log_dirs')
    ? asList(item['log_dirs']).map(asText)
    : replicas.map(() => ANY_DIRECTORY);
  if (dirs.length !== replicas.length) {
    throw new Error(
      `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${dirs.join(', ')}] ` +
        `for partition ${partitionName({ topic, partition })}`,
    );
  }
  return { placed: { topic, partition, replicas }, dirs };
}

/** @throws Error for a plan that says nothing, or twice something about the same */
export function checkPlan({ partitions }: ReassignmentPlan): void {
  if (partitions.length === 0) throw new Error('Partition reassignment list cannot be empty');
  if (partitions.some(({ replicas }) => replicas.length === 0)) {
    throw new Error('Partition replica list cannot be empty');
  }
  const twice = duplicates(partitions.map(partitionName));
  if (twice.length > 0) {
    const named = partitions.filter((each) => twice.includes(partitionName(each)));
    const order = inHashMapOrder(named, partitionHashCode).map(partitionName);
    throw new Error(`Partition reassignment contains duplicate topic partitions: ${[...new Set(order)].join(',')}`);
  }
  const repeated = partitions
    .map((each) => ({ name: partitionName(each), ids: duplicates(each.replicas) }))
    .filter(({ ids }) => ids.length > 0)
    .map(({ name, ids }) => `${name} contains multiple entries for ${ids.join(',')}`);
  if (repeated.length > 0) {
    throw new Error(`Partition replica lists may not contain duplicate entries: ${repeated.join('. ')}`);
  }
}

/** The topics of a file for --generate. Throws Error for a text that is not in the format, or names one twice. */
export function parseTopics(text: string): string[] {
  const topics = asList(versioned(text)['topics'] ?? []).map((item) => asText(fieldOf(asObject(item), 'topic')));
  refuseDuplicates(topics, 'List of topics to reassign');
  return topics;
}

/** The ids of `1,2,3`. Throws Error for anything else, and for an id that comes twice. */
export function parseBrokers(text: string): number[] {
  const ids = text.split(',').map((item) => {
    if (!/^[+-]?\d+$/.test(item)) throw new Error(`For input string: "${item}"`);
    return Number(item);
  });
  refuseDuplicates(ids, 'Broker list');
  return ids;
}

function refuseDuplicates<T>(items: readonly T[], what: string): void {
  const twice = duplicates(items);
  if (twice.length > 0) throw new Error(`${what} contains duplicate entries: [${twice.join(', ')}]`);
}

/** What comes more than once, each once. */
function duplicates<T>(items: readonly T[]): T[] {
  return [...new Set(items.filter((item, index) => items.indexOf(item) !== index))];
}

/** The text of a plan; `dirOf` tells the directory of a replica where it is known. */
export function planJson(
  partitions: readonly PartitionReplicas[],
  dirOf: (replica: TopicPartition & { readonly brokerId: number }) => string | undefined = () => undefined,
): string {
  return JSON.stringify({
    version: VERSION,
    partitions: [...partitions].sort(byTopicAndPartition).map(({ topic, partition, replicas }) => ({
      topic,
      partition,
      replicas,
      log_dirs: replicas.map((brokerId) => dirOf({ topic, partition, brokerId }) ?? ANY_DIRECTORY),
    })),
  });
}

export function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;
}

export function byReplica(a: Replica, b: Replica): number {
  return a.topic === b.topic && a.partition === b.partition ? a.brokerId - b.brokerId : byTopicAndPartition(a, b);
}

export interface Replica extends TopicPartition {
  readonly brokerId: number;
}

/** `topic-partition-broker`, as Kafka writes it. */
export function replicaName(replica: Replica): string {
  return `${partitionName(replica)}-${replica.brokerId}`;
}

/** The partitions as requests name them; a partition that is named twice goes where it was named last. */
export function targets(partitions: readonly PartitionReplicas[]): (Reassignment & PartitionReplicas)[] {
  return [...new Map(partitions.map((each) => [partitionName(each), each])).values()];
}
