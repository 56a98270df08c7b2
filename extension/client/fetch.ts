import { ErrorCode } from '../protocol/errors.ts';
import { fetchRequest } from '../protocol/generated/fetch-request.ts';
import { fetchResponse } from '../protocol/generated/fetch-response.ts';
import type { IsolationLevel } from './admin/offsets.ts';
import type { ClusterClient } from './cluster-client.ts';
import { ZERO_TOPIC_ID } from './cluster-metadata.ts';
import { KafkaError, throwOnError } from './kafka-error.ts';
import { askLeaders, byTopic, partitionName, type TopicPartition } from './leader-routing.ts';
import { decodeRecords, type DecodedRecords } from './record-decoder.ts';

/** Where to read one partition. `topicId` is needed from Fetch 13 on (2.8). */
export interface FetchPosition extends TopicPartition {
  readonly offset: number;
  readonly topicId: string;
}

export interface FetchLimits {
  readonly isolation: IsolationLevel;
  /** Of the whole response and of each partition; one batch comes even when it is larger. */
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  /** How long the broker waits for the first new byte. */
  readonly maxWaitMs: number;
}

/** One partition's part of a fetch response, undecoded. */
export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Up to where read_committed sees; the high watermark where there are no open transactions. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  readonly bytes: Buffer | null;
}

const LAST_VERSION_WITH_NAMES = 12;
const WAIT_GRACE_MS = 30_000;

/** One Fetch request outside of any session. Rejects with a NetworkError or, when all of it is refused, a KafkaError. */
export async function fetchFrom(
  client: ClusterClient,
  brokerId: number,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
  lane: string,
): Promise<FetchedPartition[]> {
  const connection = await client.connectionTo(brokerId, lane);
  const hasIds = positions.every(({ topicId }) => topicId !== ZERO_TOPIC_ID && topicId !== '');
  const options = {
    ...(hasIds ? {} : { maxVersion: LAST_VERSION_WITH_NAMES }),
    timeoutMs: limits.maxWaitMs + WAIT_GRACE_MS,
  };
  const names = new Map(positions.map(({ topicId, topic }) => [topicId, topic]));
  const response = await connection.send(
    fetchRequest,
    fetchResponse,
    (version) => ({
      ...(version < 15 ? { replicaId: -1 } : {}),
      maxWaitMs: limits.maxWaitMs,
      minBytes: 1,
      maxBytes: limits.maxBytes,
      isolationLevel: limits.isolation === 'read_committed' ? 1 : 0,
      topics: [...byTopic(positions)].map(([topic, items]) => ({
        ...(version > LAST_VERSION_WITH_NAMES ? { topicId: items[0]!.topicId } : { topic }),
        partitions: items.map(({ partition, offset }) => ({
          partition,
          fetchOffset: offset,
          partitionMaxBytes: limits.maxPartitionBytes,
        })),
      })),
      forgottenTopicsData: [],
    }),
    options,
  );
  throwOnError(response.errorCode, `fetch from broker ${brokerId}`);
  return response.responses.flatMap((topic) =>
    topic.partitions.map((part) => ({
      topic: topic.topic === '' ? (names.get(topic.topicId) ?? '') : topic.topic,
      partition: part.partitionIndex,
      errorCode: part.errorCode,
      highWatermark: part.highWatermark,
      lastStableOffset: part.lastStableOffset < 0 ? part.highWatermark : part.lastStableOffset,
      logStartOffset: part.logStartOffset,
      aborted: limits.isolation === 'read_committed' ? (part.abortedTransactions ?? []) : null,
      bytes: part.records,
    })),
  );
}

export interface FetchRecordsOptions {
  readonly isolation?: IsolationLevel;
  /** At least one batch comes even when it is larger. Default 1 MiB. */
  readonly maxBytes?: number;
  /** How long to wait when nothing is there yet. Default 0. */
  readonly maxWaitMs?: number;
  readonly retryTimeoutMs?: number;
}

export interface FetchedRecords extends DecodedRecords {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
}

/**
 * Reads one partition once from an offset, without joining a group: what a page of a viewer needs. Rejects with
 * OFFSET_OUT_OF_RANGE when the offset lies outside of the log.
 */
export async function fetchRecords(
  client: ClusterClient,
  position: TopicPartition & { readonly offset: number },
  options: FetchRecordsOptions = {},
): Promise<FetchedRecords> {
  const maxBytes = options.maxBytes ?? 1_048_576;
  const limits: FetchLimits = {
    isolation: options.isolation ?? 'read_uncommitted',
    maxBytes,
    maxPartitionBytes: maxBytes,
    maxWaitMs: options.maxWaitMs ?? 0,
  };
  const [result] = await askLeaders(
    client,
    [position],
    async (leader) => {
      const { topics } = await client.metadata({ topics: [position.topic] });
      const topicId = topics.get(position.topic)?.topicId ?? ZERO_TOPIC_ID;
      const parts = await fetchFrom(client, leader, [{ ...position, topicId }], limits, 'fetch');
      return parts.map((part) => ({ ...part, value: part }));
    },
    { retryTimeoutMs: options.retryTimeoutMs },
  );
  if (result === undefined || result.value === null) {
    throw result?.error ?? new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, partitionName(position));
  }
  const { value } = result;
  const decoded = decodeRecords(position, value.bytes ?? Buffer.alloc(0), {
    fromOffset: position.offset,
    aborted: value.aborted,
  });
  const { highWatermark, lastStableOffset, logStartOffset } = value;
  return { ...decoded, highWatermark, lastStableOffset, logStartOffset };
}
