import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../protocol/errors.ts';
import type { ClusterClient } from './cluster-client.ts';
import { groupBy } from './group-by.ts';
import { KafkaError } from './kafka-error.ts';
import { backoffMs, isRetriableError } from './retry.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What became of one partition: a value or an error. */
export type PartitionResult<T> = TopicPartition &
  ({ readonly value: T; readonly error: null } | { readonly value: null; readonly error: Error });

/** A leader's answer about one partition. */
export interface PartitionAnswer<T> extends TopicPartition {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
  readonly value: T;
}

export interface LeaderRouteOptions {
  /** How long partitions without a leader, or whose leader moves, are tried again; the client's time by default. */
  readonly retryTimeoutMs?: number | undefined;
}

/** `topic-partition`, as Kafka writes it. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** Groups partitions by topic, as most requests want them. */
export function byTopic<P extends TopicPartition>(partitions: readonly P[]): Map<string, P[]> {
  return groupBy(partitions, ({ topic }) => topic);
}

/**
 * Asks each partition's leader, one request per broker, all brokers at once; again for those whose leader moved. The
 * results come in the order of `partitions`; no partition's failure touches another.
 */
export async function askLeaders<P extends TopicPartition, T>(
  client: ClusterClient,
  partitions: readonly P[],
  ask: (leader: number, partitions: readonly P[]) => Promise<readonly PartitionAnswer<T>[]>,
  options: LeaderRouteOptions = {},
): Promise<PartitionResult<T>[]> {
  const deadline = performance.now() + (options.retryTimeoutMs ?? client.retryTimeoutMs);
  const results = new Map<string, PartitionResult<T>>();
  let open = [...partitions];
  for (let attempt = 0; open.length > 0; attempt++) {
    for (const result of await askOnce(client, open, ask)) results.set(partitionName(result), result);
    open = open.filter((item) => isRetriableError(results.get(partitionName(item))?.error));
    if (open.length === 0) break;
    const pauseMs = backoffMs(attempt + 1);
    if (performance.now() + pauseMs > deadline || client.isClosed) break;
    await delay(pauseMs);
  }
  return partitions.map((item) => results.get(partitionName(item))!);
}

async function askOnce<P extends TopicPartition, T>(
  client: ClusterClient,
  partitions: readonly P[],
  ask: (leader: number, partitions: readonly P[]) => Promise<readonly PartitionAnswer<T>[]>,
): Promise<PartitionResult<T>[]> {
  const { leaders, failed } = await findLeaders(client, partitions);
  const rounds = [...leaders].map(async ([leader, items]): Promise<PartitionResult<T>[]> => {
    try {
      return answered(items, await ask(leader, items));
    } catch (error) {
      return items.map((item) => failure(item, error));
    }
  });
  const results: PartitionResult<T>[] = (await Promise.all(rounds)).flat();
  for (const [item, error] of failed) results.push(failure(item, error));
  return results;
}

async function findLeaders<P extends TopicPartition>(
  client: ClusterClient,
  partitions: readonly P[],
): Promise<{ leaders: Map<number, P[]>; failed: Map<P, Error> }> {
  const withLeader: [P, number][] = [];
  const failed = new Map<P, Error>();
  const { topics } = await client.metadata({ topics: [...byTopic(partitions).keys()] });
  for (const item of partitions) {
    const topic = topics.get(item.topic);
    const leader = topic?.partitions.find(({ partition }) => partition === item.partition)?.leader;
    if (leader === undefined) failed.set(item, missing(item, topic?.error ?? null));
    else if (leader < 0) failed.set(item, new KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, partitionName(item)));
    else withLeader.push([item, leader]);
  }
  const leaders = new Map<number, P[]>();
  for (const [leader, pairs] of groupBy(withLeader, ([, id]) => id))
    leaders.set(
      leader,
      pairs.map(([item]) => item),
    );
  return { leaders, failed };
}

/** The topic is not there: retriable on the wire, but nothing that time alone heals. */
function missing(item: TopicPartition, topicError: KafkaError | null): Error {
  if (topicError !== null && topicError.errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return topicError;
  return new UnknownPartitionError(item);
}

/** The cluster has no such topic or partition. */
export class UnknownPartitionError extends KafkaError {
  constructor(item: TopicPartition) {
    super(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partitionName(item));
  }

  override get retriable(): boolean {
    return false;
  }
}

function answered<T>(asked: readonly TopicPartition[], answers: readonly PartitionAnswer<T>[]): PartitionResult<T>[] {
  const found = new Map(answers.map((answer) => [partitionName(answer), answer]));
  return asked.map((item) => {
    const answer = found.get(partitionName(item));
    if (answer === undefined) {
      return failure(
        item,
        new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, partitionName(item), 'the broker said nothing about it'),
      );
    }
    if (answer.errorCode !== ErrorCode.NONE) {
      return failure(item, new KafkaError(answer.errorCode, partitionName(item), answer.errorMessage));
    }
    return { topic: item.topic, partition: item.partition, value: answer.value, error: null };
  });
}

function failure<T>({ topic, partition }: TopicPartition, cause: unknown): PartitionResult<T> {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  return { topic, partition, value: null, error };
}
