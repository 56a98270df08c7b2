import { BrokerAwayError } from '../client/cluster-client.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { exceptionName } from './log-line.ts';

/** What Kafka's clients say where the broker sends the code alone. */
const CODE_TEXTS: Readonly<Record<string, string>> = {
  BROKER_ID_NOT_REGISTERED: 'The given broker ID was not registered.',
  CLUSTER_AUTHORIZATION_FAILED: 'Cluster authorization failed.',
  DUPLICATE_VOTER: 'The voter is already part of the set of voters.',
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'Eligible topic partition leaders are not available.',
  FEATURE_UPDATE_FAILED: 'Unable to update finalized features due to an unexpected server error.',
  INVALID_REPLICA_ASSIGNMENT: 'Replica assignment is invalid.',
  INVALID_UPDATE_VERSION: 'The given update version was invalid.',
  KAFKA_STORAGE_ERROR: 'Disk error when trying to access log file on the disk.',
  LOG_DIR_NOT_FOUND: 'The user-specified log directory is not found in the broker config.',
  NO_REASSIGNMENT_IN_PROGRESS: 'No partition reassignment is in progress.',
  PREFERRED_LEADER_NOT_AVAILABLE: 'The preferred leader was not available.',
  UNKNOWN_TOPIC_OR_PARTITION: 'This server does not host this topic-partition.',
  UNSUPPORTED_VERSION: 'The version of API is not supported.',
  VOTER_NOT_FOUND: 'The voter is not part of the set of voters.',
};

/** The broker's words, or else those that Kafka's clients have for the code. */
export function exceptionMessage(error: Error): string {
  if (!isRefusal(error)) return error.message;
  return error.brokerMessage ?? CODE_TEXTS[error.code] ?? error.message;
}

/** `org.apache.kafka.common.errors.SomeException: message` for a broker's refusal; other errors speak for themselves. */
export function exceptionText(error: Error): string {
  const message = exceptionMessage(error);
  return isRefusal(error) ? `${exceptionName(error.code)}: ${message}` : message;
}

/** That a broker is away is not a broker's word. */
function isRefusal(error: Error): error is KafkaError {
  return error instanceof KafkaError && !(error instanceof BrokerAwayError);
}
