import type {
  AlterPartitionRequest,
  BrokerState,
  PartitionData,
} from '../../protocol/generated/alter-partition-request.ts';
import type {
  AlterPartitionResponseInput,
  PartitionDataInput,
} from '../../protocol/generated/alter-partition-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { ControlContext, Decision } from './control-context.ts';
import type { TopicImage } from './metadata-image.ts';
import { decodeMetadataRecord, encodeMetadataRecord } from './metadata-record.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import { changesOf, leaderAcceptor } from './partition-changes.ts';
import { LeaderRecoveryState, mergePartitionChange } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { expectBroker } from './registered-broker.ts';

/**
 * A leader tells the ISR that it sees. Refused per partition: FENCED_LEADER_EPOCH and INVALID_UPDATE_VERSION for an old state,
 * NOT_CONTROLLER for one that is newer than ours, INVALID_REQUEST for an ISR that can't be, INELIGIBLE_REPLICA with a broker
 * that is fenced, on its way out or in another life. NEW_LEADER_ELECTED although the ISR is taken over, when that completes a
 * reassignment in which the leader goes.
 *
 * @throws ApiError STALE_BROKER_EPOCH
 */
export function alterPartition(
  context: ControlContext,
  request: AlterPartitionRequest,
): Decision<AlterPartitionResponseInput> {
  expectBroker(context, request.brokerId, request.brokerEpoch);
  const records: NewMetadataRecord[] = [];
  const done = new Set<string>();
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = context.image.topics.getById(topicId);
    const results = partitions.map((wanted): PartitionDataInput => {
      const { partitionIndex } = wanted;
      if (topic === undefined) return refused(partitionIndex, ErrorCode.UNKNOWN_TOPIC_ID);
      const key = `${topicId}/${partitionIndex}`;
      if (done.has(key)) return refused(partitionIndex, ErrorCode.INVALID_REQUEST);
      done.add(key);
      return alterOne(context, request.brokerId, topic, wanted, records);
    });
    return { topicId, partitions: results };
  });
  return { records, response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics } };
}

function alterOne(
  context: ControlContext,
  brokerId: number,
  topic: TopicImage,
  wanted: PartitionData,
  records: NewMetadataRecord[],
): PartitionDataInput {
  const { partitionIndex } = wanted;
  const partition = topic.partitions[partitionIndex];
  const isr = wantedIsr(wanted);
  const problem = problemOf(context, brokerId, partition, wanted, isr);
  if (partition === undefined || problem !== ErrorCode.NONE) return refused(partitionIndex, problem);
  const record = buildPartitionChange({
    ...changesOf(context, topic),
    partitionId: partitionIndex,
    partition,
    targetIsr: isr.map((broker) => broker.brokerId),
    targetLeaderRecoveryState: wanted.leaderRecoveryState,
    isAcceptableLeader: leaderAcceptor(context, partition),
  });
  if (record === undefined) return state(partitionIndex, partition);
  records.push(record);
  const after = replayed(partition, record);
  return after.leader === brokerId
    ? state(partitionIndex, after)
    : refused(partitionIndex, ErrorCode.NEW_LEADER_ELECTED);
}

/** Before version 3 there are no epochs: -1 is any. */
function wantedIsr(wanted: PartitionData): readonly Pick<BrokerState, 'brokerId' | 'brokerEpoch'>[] {
  if (wanted.newIsrWithEpochs.length > 0) return wanted.newIsrWithEpochs;
  return wanted.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
}

function problemOf(
  context: ControlContext,
  brokerId: number,
  partition: PartitionRegistration | undefined,
  wanted: PartitionData,
  newIsr: readonly Pick<BrokerState, 'brokerId' | 'brokerEpoch'>[],
): number {
  if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  // The leader knows more than we do: somebody else is the controller by now.
  if (wanted.leaderEpoch > partition.leaderEpoch) return ErrorCode.NOT_CONTROLLER;
  if (wanted.partitionEpoch > partition.partitionEpoch) return ErrorCode.NOT_CONTROLLER;
  if (wanted.leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST;
  if (wanted.partitionEpoch < partition.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
  const ids = newIsr.map((replica) => replica.brokerId);
  const isPossible = new Set(ids).size === ids.length && ids.every((id) => partition.replicas.includes(id));
  if (!isPossible || !ids.includes(partition.leader)) return ErrorCode.INVALID_REQUEST;
  if (wanted.leaderRecoveryState === LeaderRecoveryState.RECOVERING) {
    // Only the leader itself knows what it has recovered, and what is recovered stays so.
    if (ids.length > 1 || partition.leaderRecoveryState === LeaderRecoveryState.RECOVERED) {
      return ErrorCode.INVALID_REQUEST;
    }
  } else if (wanted.leaderRecoveryState !== LeaderRecoveryState.RECOVERED) return ErrorCode.INVALID_REQUEST;
  return newIsr.every((replica) => isEligible(context, replica)) ? ErrorCode.NONE : ErrorCode.INELIGIBLE_REPLICA;
}

function isEligible(context: ControlContext, replica: { readonly brokerId: number; readonly brokerEpoch: number }) {
  const broker = context.image.cluster.brokers.get(replica.brokerId);
  if (broker === undefined || broker.inControlledShutdown || broker.fenced) return false;
  return replica.brokerEpoch === -1 || replica.brokerEpoch === broker.epoch;
}

/** The partition once the record is replayed, as whoever asked is told. */
function replayed(partition: PartitionRegistration, record: NewMetadataRecord): PartitionRegistration {
  const { type, data } = decodeMetadataRecord(encodeMetadataRecord(record));
  return type === 'PARTITION_CHANGE_RECORD' ? mergePartitionChange(partition, data) : partition;
}

function state(partitionIndex: number, partition: PartitionRegistration): PartitionDataInput {
  const { leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = partition;
  return {
    partitionIndex,
    errorCode: ErrorCode.NONE,
    leaderId: leader,
    leaderEpoch,
    isr,
    leaderRecoveryState,
    partitionEpoch,
  };
}

function refused(partitionIndex: number, errorCode: number): PartitionDataInput {
  return { partitionIndex, errorCode, leaderId: 0, leaderEpoch: 0, isr: [], partitionEpoch: 0 };
}
