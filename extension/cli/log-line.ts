import type { Writable } from 'node:stream';

/** One line as Kafka's tools log: `[2026-01-31 12:00:00,000] WARN text (logger)`. */
export function logLine(stream: Writable, level: 'WARN' | 'ERROR', text: string, logger: string): void {
  stream.write(`[${localTime(new Date())}] ${level} ${text} (${logger})\n`);
}

function localTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** Where the names of Kafka's exceptions are not simply those of the error codes. */
const IRREGULAR: Readonly<Record<string, string>> = {
  CORRUPT_MESSAGE: 'errors.CorruptRecordException',
  DELEGATION_TOKEN_AUTH_DISABLED: 'errors.DelegationTokenDisabledException',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: 'errors.UnsupportedByAuthenticationException',
  DUPLICATE_SEQUENCE_NUMBER: 'errors.DuplicateSequenceException',
  INVALID_CONFIG: 'errors.InvalidConfigurationException',
  INVALID_PRODUCER_ID_MAPPING: 'errors.InvalidPidMappingException',
  INVALID_RECORD: 'InvalidRecordException',
  INVALID_REGULAR_EXPRESSION: 'errors.InvalidRegularExpression',
  INVALID_TRANSACTION_TIMEOUT: 'errors.InvalidTxnTimeoutException',
  MESSAGE_TOO_LARGE: 'errors.RecordTooLargeException',
  NON_EMPTY_GROUP: 'errors.GroupNotEmptyException',
  OFFSET_METADATA_TOO_LARGE: 'errors.OffsetMetadataTooLarge',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'errors.OutOfOrderSequenceException',
  PRINCIPAL_DESERIALIZATION_FAILURE: 'errors.PrincipalDeserializationException',
  RECORD_LIST_TOO_LARGE: 'errors.RecordBatchTooLargeException',
  REQUEST_TIMED_OUT: 'errors.TimeoutException',
  SASL_AUTHENTICATION_FAILED: 'errors.SaslAuthenticationException',
  STALE_CONTROLLER_EPOCH: 'errors.ControllerMovedException',
  TOPIC_ALREADY_EXISTS: 'errors.TopicExistsException',
  UNKNOWN_SERVER_ERROR: 'errors.UnknownServerException',
};

/** The Java name of a broker's error, which scripts look for in the output of the tools. */
export function exceptionName(code: string): string {
  const regular = code
    .replace(/_(?:EXCEPTION|ERROR)$|(?<=AUTHORIZATION)_FAILED$/, '')
    .toLowerCase()
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
  return `org.apache.kafka.common.${IRREGULAR[code] ?? `errors.${regular}Exception`}`;
}
