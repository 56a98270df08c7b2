import type { AssignReplicasToDirsRequest } from '../../protocol/generated/assign-replicas-to-dirs-request.ts';
import type { AssignReplicasToDirsResponseInput } from '../../protocol/generated/assign-replicas-to-dirs-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { BrokerRegistration } from './broker-registration.ts';
import { versionOf } from './control-context.ts';
import type { ControlContext, Decision } from './control-context.ts';
import { isOnlineDirectory } from './directory-ids.ts';
import { leaderAndIsrUpdates } from './leader-and-isr-updates.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { partitionsWhere } from './partition-index.ts';
import { directoryOf } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { expectBroker } from './registered-broker.ts';

/** BrokerRegistrationChangeRecord with `logDirs`. */
const DIRECTORIES_VERSION = 2;

/**
 * A broker says which of its directories hold which replicas (KIP-858). One that it has lost already takes the replica out
 * of the ISR.
 *
 * @throws ApiError UNSUPPORTED_VERSION, STALE_BROKER_EPOCH
 */
export function assignReplicasToDirs(
  context: ControlContext,
  request: AssignReplicasToDirsRequest,
): Decision<AssignReplicasToDirsResponseInput> {
  if (versionOf(context).directories !== true) {
    throw new ApiError(ErrorCode.UNSUPPORTED_VERSION, 'Directory assignment is not supported yet.');
  }
  const broker = expectBroker(context, request.brokerId, request.brokerEpoch);
  const records: NewMetadataRecord[] = [];
  const lost = new Set<PartitionRegistration>();
  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => {
        const found = findReplica(context, broker.id, topicId, partitionIndex);
        if (typeof found === 'number') return { partitionIndex, errorCode: found };
        if (directoryOf(found, broker.id) !== id) {
          records.push(assignment(context, topicId, partitionIndex, found, broker.id, id));
        }
        if (!isOnlineDirectory(broker.directories, id)) lost.add(found);
        return { partitionIndex, errorCode: ErrorCode.NONE };
      }),
    })),
  }));
  if (lost.size > 0) {
    const affected = partitionsWhere(context.image.topics, (each) => lost.has(each));
    records.push(...leaderAndIsrUpdates(context, { remove: broker.id }, affected));
  }
  return { records, response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, directories } };
}

/** The partition, or the error code that says why the broker has no replica of it. */
function findReplica(
  context: ControlContext,
  brokerId: number,
  topicId: string,
  partition: number,
): PartitionRegistration | number {
  const topic = context.image.topics.getById(topicId);
  if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_ID;
  const registration = topic.partitions[partition];
  if (registration === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return registration.replicas.includes(brokerId) ? registration : ErrorCode.NOT_LEADER_OR_FOLLOWER;
}

function assignment(
  context: ControlContext,
  topicId: string,
  partitionId: number,
  partition: PartitionRegistration,
  brokerId: number,
  directoryId: string,
): NewMetadataRecord {
  const directories = partition.directories.map((id, index) =>
    partition.replicas[index] === brokerId ? directoryId : id,
  );
  return {
    type: 'PARTITION_CHANGE_RECORD',
    version: versionOf(context).partitionChange,
    data: { topicId, partitionId, directories },
  };
}

/**
 * Directories of a broker have failed: its replicas there leave the ISR and lead no more, and the registration names the
 * directories that are left. Empty when nothing is new.
 */
export function offlineDirectoryRecords(
  context: ControlContext,
  broker: BrokerRegistration,
  offline: readonly string[],
): NewMetadataRecord[] {
  if (versionOf(context).directories !== true) return [];
  const news = broker.directories.filter((directory) => offline.includes(directory));
  if (news.length === 0) return [];
  const isLost = (partition: PartitionRegistration): boolean => {
    const directory = directoryOf(partition, broker.id);
    return directory !== undefined && news.includes(directory);
  };
  return [
    ...leaderAndIsrUpdates(context, { remove: broker.id }, partitionsWhere(context.image.topics, isLost)),
    {
      type: 'BROKER_REGISTRATION_CHANGE_RECORD',
      version: DIRECTORIES_VERSION,
      data: {
        brokerId: broker.id,
        brokerEpoch: broker.epoch,
        logDirs: broker.directories.filter((directory) => !news.includes(directory)),
      },
    },
  ];
}
