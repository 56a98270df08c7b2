import type { ConsumedRecord } from '../client/record-decoder.ts';
import { deserializer, type Deserializer } from './deserializers.ts';

/** Turns a record into what is printed of it; null for nothing. */
export type MessageFormatter = (record: ConsumedRecord) => Buffer | null;

const RAW: Deserializer = (bytes) => bytes;

/** Kafka's formatters by class name. Throws Error for one that is not known here. */
export function messageFormatter(
  className: string | undefined,
  properties: ReadonlyMap<string, string>,
): MessageFormatter {
  switch (className?.replace(/^.*\./, '') ?? 'DefaultMessageFormatter') {
    case 'DefaultMessageFormatter':
    case 'LoggingMessageFormatter':
      return defaultFormatter(properties);
    case 'NoOpMessageFormatter':
      return () => null;
    default:
      throw new Error(
        `The formatter ${className} is not known here; there are DefaultMessageFormatter and NoOpMessageFormatter`,
      );
  }
}

/**
 * `kafka-console-consumer`'s own: the parts that `print.*` asks for, in this order, with `key.separator` between them and
 * `line.separator` after them.
 */
function defaultFormatter(properties: ReadonlyMap<string, string>): MessageFormatter {
  const flag = (name: string, fallback: boolean): boolean =>
    properties.has(name) ? properties.get(name)!.trim().toLowerCase() === 'true' : fallback;
  const bytes = (name: string, fallback: string): Buffer => Buffer.from(properties.get(name) ?? fallback);
  const reader = (name: string): Deserializer => (properties.has(name) ? deserializer(properties.get(name)!) : RAW);
  const keySeparator = bytes('key.separator', '\t');
  const lineSeparator = bytes('line.separator', '\n');
  const headersSeparator = bytes('headers.separator', ',');
  const nullLiteral = bytes('null.literal', 'null');
  const readKey = reader('key.deserializer');
  const readValue = reader('value.deserializer');
  const readHeader = reader(properties.has('headers.deserializer') ? 'headers.deserializer' : 'header.deserializer');
  const prints = {
    timestamp: flag('print.timestamp', false),
    partition: flag('print.partition', false),
    offset: flag('print.offset', false),
    epoch: flag('print.epoch', false),
    headers: flag('print.headers', false),
    key: flag('print.key', false),
    value: flag('print.value', true),
  };

  const field = (value: Buffer | null, read: Deserializer): Buffer => {
    if (value === null) return nullLiteral;
    const result = read(value);
    return typeof result === 'string' ? Buffer.from(result) : result;
  };
  const headersOf = ({ headers }: ConsumedRecord): Buffer => {
    if (headers.length === 0) return Buffer.from('NO_HEADERS');
    const pairs = headers.map(({ key, value }) => Buffer.concat([Buffer.from(`${key}:`), field(value, readHeader)]));
    return join(pairs, headersSeparator);
  };

  return (record) => {
    const parts: Buffer[] = [];
    if (prints.timestamp) parts.push(Buffer.from(timestampOf(record)));
    if (prints.partition) parts.push(Buffer.from(`Partition:${record.partition}`));
    if (prints.offset) parts.push(Buffer.from(`Offset:${record.offset}`));
    if (prints.epoch) parts.push(Buffer.from(`Epoch:${record.leaderEpoch < 0 ? 'NOT_PRESENT' : record.leaderEpoch}`));
    if (prints.headers) parts.push(headersOf(record));
    if (prints.key) parts.push(field(record.key, readKey));
    if (prints.value) parts.push(field(record.value, readValue));
    return Buffer.concat([join(parts, keySeparator), lineSeparator]);
  };
}

function timestampOf({ timestamp, timestampType }: ConsumedRecord): string {
  return timestamp < 0 ? 'NO_TIMESTAMP' : `${timestampType}:${timestamp}`;
}

function join(parts: readonly Buffer[], separator: Buffer): Buffer {
  if (parts.length === 1) return parts[0]!;
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [separator, part])));
}
