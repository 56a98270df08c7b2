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
  TOPIC_ALREADY_EXISTS: 'TopicExists',
  INVALID_TOPIC_EXCEPTION: 'InvalidTopic',
  INVALID_CONFIG: 'InvalidConfiguration',
  REQUEST_TIMED_OUT: 'Timeout',
  MESSAGE_TOO_LARGE: 'RecordTooLarge',
  RECORD_LIST_TOO_LARGE: 'RecordBatchTooLarge',
  CORRUPT_MESSAGE: 'CorruptRecord',
  NON_EMPTY_GROUP: 'GroupNotEmpty',
  GROUP_ID_NOT_FOUND: 'GroupIdNotFound',
  UNKNOWN_SERVER_ERROR: 'UnknownServer',
  OFFSET_METADATA_TOO_LARGE: 'OffsetMetadataTooLarge',
};

/** The Java name of a broker's error, which scripts look for in the output of the tools. */
export function exceptionName(code: string): string {
  const regular = code
    .toLowerCase()
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
  return `org.apache.kafka.common.errors.${IRREGULAR[code] ?? regular}Exception`;
}
