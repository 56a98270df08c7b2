import { describe, expect, test } from 'vitest';
import type { ConsumedRecord } from '../../../extension/client/record-decoder.ts';
import { deserializer } from '../../../extension/cli/deserializers.ts';
import { messageFormatter } from '../../../extension/cli/message-formatter.ts';

const record: ConsumedRecord = {
  topic: 't',
  partition: 3,
  offset: 42,
  timestamp: 1700,
  timestampType: 'CreateTime',
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [
    { key: 'h1', value: Buffer.from('a') },
    { key: 'h2', value: null },
  ],
  leaderEpoch: 5,
};

const format = (properties: Record<string, string>, given: Partial<ConsumedRecord> = {}) =>
  String(messageFormatter(undefined, new Map(Object.entries(properties)))({ ...record, ...given }));

const everything = {
  'print.timestamp': 'true',
  'print.partition': 'true',
  'print.offset': 'true',
  'print.epoch': 'true',
  'print.headers': 'true',
  'print.key': 'true',
};

describe('the default formatter', () => {
  test('prints values by default', () => {
    expect(format({})).toBe('v\n');
  });

  test('prints everything in Kafka’s order', () => {
    expect(format(everything)).toBe('CreateTime:1700\tPartition:3\tOffset:42\tEpoch:5\th1:a,h2:null\tk\tv\n');
  });

  test('has words for what is missing', () => {
    const nothing = { timestamp: -1, leaderEpoch: -1, headers: [], key: null, value: null };
    expect(format(everything, nothing)).toBe(
      'NO_TIMESTAMP\tPartition:3\tOffset:42\tEpoch:NOT_PRESENT\tNO_HEADERS\tnull\tnull\n',
    );
  });

  test('takes separators and literals', () => {
    const properties = {
      'print.key': 'true',
      'print.headers': 'true',
      'key.separator': '|',
      'line.separator': ';',
      'headers.separator': '&',
      'null.literal': 'NIL',
    };
    expect(format(properties, { value: null })).toBe('h1:a&h2:NIL|k|NIL;');
    expect(format({ 'print.value': 'false', 'print.key': 'true' })).toBe('k\n');
  });

  test('takes deserializers', () => {
    const number = Buffer.from([0, 0, 0, 0, 0, 0, 1, 0]);
    const properties = { 'value.deserializer': 'org.apache.kafka.common.serialization.LongDeserializer' };
    expect(format(properties, { value: number })).toBe('256\n');
    expect(() => format(properties)).toThrow(/Size of data received by LongDeserializer is not 8/);
  });
});

test('other formatters', () => {
  expect(messageFormatter('org.apache.kafka.tools.consumer.NoOpMessageFormatter', new Map())(record)).toBeNull();
  expect(() => messageFormatter('com.example.Mine', new Map())).toThrow(/not known here/);
});

describe('deserializer', () => {
  test.each([
    ['IntegerDeserializer', [0xff, 0xff, 0xff, 0xfe], '-2'],
    ['ShortDeserializer', [1, 0], '256'],
    ['DoubleDeserializer', [0x3f, 0xf0, 0, 0, 0, 0, 0, 0], '1.0'],
    ['FloatDeserializer', [0x3f, 0x80, 0, 0], '1.0'],
    ['BooleanDeserializer', [1], 'true'],
    ['BytesDeserializer', [0x61, 0x00, 0x5c], 'a\\x00\\x5C'],
    ['VoidDeserializer', [], 'null'],
    ['StringDeserializer', [0x61], 'a'],
  ])('%s', (name, bytes, text) => {
    expect(String(deserializer(`org.apache.kafka.common.serialization.${name}`)(Buffer.from(bytes)))).toBe(text);
  });

  test('knows what it does not know', () => {
    expect(() => deserializer('io.confluent.KafkaAvroDeserializer')).toThrow(/not known here/);
  });
});
