import type { ElectLeadersRequest } from '../../protocol/generated/elect-leaders-request.ts';
import type {
  ElectLeadersResponseInput,
  PartitionResultInput,
} from '../../protocol/generated/elect-leaders-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { ControlContext, Decision } from './control-context.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { buildPartitionChange } from './partition-change-builder.ts';
import type { Election } from './partition-change-builder.ts';
import { allowsUncleanElection, changesOf, leaderAcceptor } from './partition-changes.ts';
import { partitionsOf } from './partition-index.ts';
import type { PartitionOfTopic } from './partition-index.ts';
import { NO_LEADER } from './partition-registration.ts';

/** Elections that one look at imbalances may cause; what is left waits for the next. */
export const MAX_ELECTIONS_AT_ONCE = 1000;

const ELECTIONS: ReadonlyMap<number, Election> = new Map([
  [0, 'preferred'],
  [1, 'unclean'],
]);

/**
 * Elects leaders by command: the preferred one, or any replica that is alive for partitions without leader, which may lose
 * records. Without partitions, all; those that need no election are then left out of the answer.
 *
 * @throws ApiError INVALID_REQUEST for an election type that is not known
 */
export function electLeaders(
  context: ControlContext,
  request: ElectLeadersRequest,
): Decision<ElectLeadersResponseInput> {
  const { topics } = context.image;
  const election = ELECTIONS.get(request.electionType);
  if (election === undefined) {
    throw new ApiError(ErrorCode.INVALID_REQUEST, `Unknown election type ${request.electionType}`);
  }
  const records: NewMetadataRecord[] = [];
  const done = new Set<string>();
  const elect = (topic: string, partitionId: number): PartitionResultInput => {
    const key = `${topic}/${partitionId}`;
    const [errorCode, errorMessage] = done.has(key)
      ? [ErrorCode.ELECTION_NOT_NEEDED, null]
      : electLeader(context, topic, partitionId, election, records);
    done.add(key);
    return { partitionId, errorCode, errorMessage };
  };
  const replicaElectionResults =
    request.topicPartitions === null
      ? [...topics.byName.values()].map(({ name, partitions }) => ({
          topic: name,
          partitionResult: [...partitions.keys()]
            .map((partitionId) => elect(name, partitionId))
            .filter(({ errorCode }) => errorCode !== ErrorCode.ELECTION_NOT_NEEDED),
        }))
      : request.topicPartitions.map(({ topic, partitions }) => ({
          topic,
          partitionResult: partitions.map((partitionId) => elect(topic, partitionId)),
        }));
  return {
    records,
    response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, replicaElectionResults },
    cause: `${election === 'preferred' ? 'a preferred' : 'an unclean'} election was asked for`,
  };
}

function electLeader(
  context: ControlContext,
  name: string,
  partitionId: number,
  election: Election,
  records: NewMetadataRecord[],
): readonly [number, string | null] {
  const topic = context.image.topics.get(name);
  if (topic === undefined) return [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${name}`];
  const partition = topic.partitions[partitionId];
  if (partition === undefined) {
    return [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${name}-${partitionId}`];
  }
  const isNeeded =
    election === 'preferred' ? partition.leader !== partition.replicas[0] : partition.leader === NO_LEADER;
  if (!isNeeded) return [ErrorCode.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.'];
  const record = changeBy(context, { topic, partitionId, partition }, election);
  if (record !== undefined) {
    records.push(record);
    return [ErrorCode.NONE, null];
  }
  return election === 'preferred'
    ? [ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, 'The preferred leader was not available.']
    : [ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'Eligible topic partition leaders are not available.'];
}

function changeBy(
  context: ControlContext,
  { topic, partitionId, partition }: PartitionOfTopic,
  election: Election,
): NewMetadataRecord | undefined {
  const isAcceptableLeader = leaderAcceptor(context, partition);
  return buildPartitionChange({ ...changesOf(context, topic), partitionId, partition, isAcceptableLeader, election });
}

/** Gives partitions back to their preferred leaders, as far as those are in step. */
export function preferredElections(context: ControlContext): NewMetadataRecord[] {
  const { image, index } = context;
  const records: NewMetadataRecord[] = [];
  for (const each of partitionsOf(image.topics, index.imbalanced)) {
    if (records.length >= MAX_ELECTIONS_AT_ONCE) break;
    const record = changeBy(context, each, 'preferred');
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Leaders for partitions without one whose topics allow a replica to lead that is not in step. */
export function uncleanElections(context: ControlContext): NewMetadataRecord[] {
  const { image, index } = context;
  const records: NewMetadataRecord[] = [];
  for (const each of partitionsOf(image.topics, index.leaderless)) {
    if (records.length >= MAX_ELECTIONS_AT_ONCE) break;
    if (!allowsUncleanElection(context, each.topic.name)) continue;
    const record = changeBy(context, each, 'unclean');
    if (record !== undefined) records.push(record);
  }
  return records;
}
