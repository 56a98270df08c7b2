import { deleteRecordsRequest } from '../../protocol/generated/delete-records-request.ts';
import { deleteRecordsResponse } from '../../protocol/generated/delete-records-response.ts';
import { listOffsetsRequest } from '../../protocol/generated/list-offsets-request.ts';
import { listOffsetsResponse } from '../../protocol/generated/list-offsets-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import {
  askLeaders,
  byTopic,
  type LeaderRouteOptions,
  type PartitionResult,
  type TopicPartition,
} from '../leader-routing.ts';

/**
 * Which offset: the first or the next one (with read_committed the end of what is committed), the one of the largest
 * timestamp, the first at or after a time, or those of tiered storage.
 */
export type OffsetSpec =
  | 'earliest'
  | 'latest'
  | 'maxTimestamp'
  | 'earliestLocal'
  | 'latestTiered'
  | 'earliestPendingUpload'
  | { readonly timestampMs: number };

export type IsolationLevel = 'read_uncommitted' | 'read_committed';

export interface ListedOffset {
  /** -1 where no record matches. */
  readonly offset: number;
  /** Of that record; -1 where it is not told. */
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export interface ListOffsetsOptions extends LeaderRouteOptions {
  readonly isolation?: IsolationLevel;
}

const SPECS = {
  latest: -1,
  earliest: -2,
  maxTimestamp: -3,
  earliestLocal: -4,
  latestTiered: -5,
  earliestPendingUpload: -6,
} as const;

/** First version of ListOffsets that knows the special timestamps from -3 down. */
const SPEC_VERSIONS: Readonly<Record<number, number>> = { [-3]: 7, [-4]: 8, [-5]: 9, [-6]: 11 };

const REQUEST_TIMEOUT_MS = 30_000;

export function timestampOf(spec: OffsetSpec): number {
  return typeof spec === 'string' ? SPECS[spec] : spec.timestampMs;
}

export async function listOffsets(
  client: ClusterClient,
  wanted: readonly (TopicPartition & { readonly spec: OffsetSpec })[],
  options: ListOffsetsOptions,
): Promise<PartitionResult<ListedOffset>[]> {
  const isolationLevel = options.isolation === 'read_committed' ? 1 : 0;
  return askLeaders(
    client,
    wanted,
    async (leader, items) => {
      const connection = await client.connectionTo(leader);
      const needed = Math.max(...items.map(({ spec }) => SPEC_VERSIONS[timestampOf(spec)] ?? 0));
      const version = connection.versionOf(listOffsetsRequest);
      if (version < needed) {
        throw new Error(`the broker at ${connection.address} does not know this kind of offset (it is too old)`);
      }
      const response = await connection.send(listOffsetsRequest, listOffsetsResponse, {
        replicaId: -1,
        ...(version >= 2 ? { isolationLevel } : {}),
        ...(version >= 10 ? { timeoutMs: REQUEST_TIMEOUT_MS } : {}),
        topics: [...byTopic(items)].map(([name, partitions]) => ({
          name,
          partitions: partitions.map(({ partition, spec }) => ({
            partitionIndex: partition,
            timestamp: timestampOf(spec),
          })),
        })),
      });
      return response.topics.flatMap((topic) =>
        topic.partitions.map((answer) => ({
          topic: topic.name,
          partition: answer.partitionIndex,
          errorCode: answer.errorCode,
          value: { offset: answer.offset, timestamp: answer.timestamp, leaderEpoch: answer.leaderEpoch },
        })),
      );
    },
    options,
  );
}

/** Where deletion goes up to: the first offset that stays, or the high watermark. */
export type DeleteBefore = number | 'highWatermark';

export async function deleteRecords(
  client: ClusterClient,
  wanted: readonly (TopicPartition & { readonly before: DeleteBefore })[],
  options: LeaderRouteOptions,
): Promise<PartitionResult<{ readonly logStartOffset: number }>[]> {
  return askLeaders(
    client,
    wanted,
    async (leader, items) => {
      const response = await client.toBroker(leader, deleteRecordsRequest, deleteRecordsResponse, {
        timeoutMs: REQUEST_TIMEOUT_MS,
        topics: [...byTopic(items)].map(([name, partitions]) => ({
          name,
          partitions: partitions.map(({ partition, before }) => ({
            partitionIndex: partition,
            offset: before === 'highWatermark' ? -1 : before,
          })),
        })),
      });
      return response.topics.flatMap((topic) =>
        topic.partitions.map((answer) => ({
          topic: topic.name,
          partition: answer.partitionIndex,
          errorCode: answer.errorCode,
          value: { logStartOffset: answer.lowWatermark },
        })),
      );
    },
    options,
  );
}
