import { ErrorCode, errorName, isRetriable } from '../protocol/errors.ts';

/** A broker's refusal. `code` is Kafka's name of the error (`UNKNOWN_TOPIC_OR_PARTITION`); the message is for people. */
export class KafkaError extends Error {
  readonly code: string;
  /** The number on the wire. */
  readonly errorCode: number;
  /** What the broker said about it, if anything. */
  readonly brokerMessage: string | null;

  constructor(errorCode: number, context: string, brokerMessage: string | null = null) {
    super(message(errorCode, context, brokerMessage));
    this.name = 'KafkaError';
    this.code = errorName(errorCode);
    this.errorCode = errorCode;
    this.brokerMessage = brokerMessage === '' ? null : brokerMessage;
  }

  /** Whether the same request may succeed later. */
  get retriable(): boolean {
    return isRetriable(this.errorCode);
  }
}

/** The error of a code, or null for "no error". */
export function kafkaErrorOrNull(
  errorCode: number,
  context: string,
  brokerMessage: string | null = null,
): KafkaError | null {
  return errorCode === ErrorCode.NONE ? null : new KafkaError(errorCode, context, brokerMessage);
}

/** @throws KafkaError unless the code is "no error" */
export function throwOnError(errorCode: number, context: string, brokerMessage: string | null = null): void {
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, context, brokerMessage);
}

/** The broker's words alone where they name what they are about. */
function message(errorCode: number, context: string, brokerMessage: string | null): string {
  if (brokerMessage === null || brokerMessage === '') return `${context}: ${explanation(errorCode)}`;
  const subject = /'(.+)'/.exec(context)?.[1];
  return subject !== undefined && brokerMessage.includes(subject) ? brokerMessage : `${context}: ${brokerMessage}`;
}

const EXPLANATIONS: Readonly<Partial<Record<keyof typeof ErrorCode, string>>> = {
  OFFSET_OUT_OF_RANGE: 'the offset lies outside of what the partition holds',
  CORRUPT_MESSAGE: 'the records are damaged or larger than allowed',
  UNKNOWN_TOPIC_OR_PARTITION: 'there is no such topic or partition',
  LEADER_NOT_AVAILABLE: 'the partition has no leader at the moment',
  NOT_LEADER_OR_FOLLOWER: 'another broker leads the partition now',
  REQUEST_TIMED_OUT: 'the broker did not finish in time',
  MESSAGE_TOO_LARGE: 'a record is larger than max.message.bytes allows',
  RECORD_LIST_TOO_LARGE: 'the records do not fit into one segment',
  NOT_ENOUGH_REPLICAS: 'fewer replicas are in sync than min.insync.replicas asks for',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'the records were written, but to fewer replicas than min.insync.replicas asks for',
  COORDINATOR_NOT_AVAILABLE: 'the coordinator is not available yet',
  COORDINATOR_LOAD_IN_PROGRESS: 'the coordinator is still loading',
  INVALID_TOPIC_EXCEPTION: 'the name is not a legal topic name',
  TOPIC_ALREADY_EXISTS: 'a topic of this name exists already',
  INVALID_PARTITIONS: 'the number of partitions is not possible',
  INVALID_REPLICATION_FACTOR: 'the replication factor is below 1 or above the number of brokers',
  INVALID_CONFIG: 'the configuration is not valid',
  TOPIC_AUTHORIZATION_FAILED: 'the user may not do this with the topic',
  GROUP_AUTHORIZATION_FAILED: 'the user may not do this with the group',
  CLUSTER_AUTHORIZATION_FAILED: 'the user may not do this in the cluster',
  SECURITY_DISABLED: 'the cluster has no authorizer',
  UNSUPPORTED_VERSION: 'the broker does not support the version of the request',
  NON_EMPTY_GROUP: 'the group has members; stop its consumers first',
  GROUP_ID_NOT_FOUND: 'there is no such group',
  INVALID_GROUP_ID: 'the name is not a legal group name',
  UNKNOWN_MEMBER_ID: 'the group does not know the member',
  REBALANCE_IN_PROGRESS: 'the group is rebalancing',
  GROUP_SUBSCRIBED_TO_TOPIC: 'a member of the group subscribes to the topic; stop its consumers first',
  TOPIC_DELETION_DISABLED: 'the cluster does not allow topics to be deleted',
  POLICY_VIOLATION: 'a policy of the cluster forbids it',
  KAFKA_STORAGE_ERROR: 'the broker cannot use its disk',
  REASSIGNMENT_IN_PROGRESS: 'a reassignment is under way',
  NO_REASSIGNMENT_IN_PROGRESS: 'no reassignment is under way',
  ELECTION_NOT_NEEDED: 'the preferred replica leads already',
  PREFERRED_LEADER_NOT_AVAILABLE: 'the preferred replica is not in sync or not alive',
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'no replica may lead at the moment',
};

function explanation(errorCode: number): string {
  const name = errorName(errorCode);
  const text = (EXPLANATIONS as Readonly<Record<string, string | undefined>>)[name];
  return text === undefined ? name : `${text} (${name})`;
}
