import { describe, expect, test } from 'vitest';
import { parsePairs } from '../../../extension/cli/configs-options.ts';
import { parseDateTime, parseDuration, parseSelection } from '../../../extension/cli/consumer-groups-reset.ts';
import { inHashMapOrder, javaHashCode, partitionHashCode } from '../../../extension/cli/java-hash-order.ts';
import { exceptionName } from '../../../extension/cli/log-line.ts';
import { topicFilter } from '../../../extension/cli/topic-filter.ts';

describe('Java hashes', () => {
  test.each([
    ['', 0],
    ['a', 97],
    ['min.insync.replicas', javaHash('min.insync.replicas')],
    ['polygenelubricants', -2147483648],
  ])('of %j', (text, hash) => {
    expect(javaHashCode(text)).toBe(hash);
  });

  test('order settings as Kafka’s tools print them', () => {
    // As printed by kafka-topics 4.3.1 for a topic with 33 settings, of which these three are its own.
    const names = ['retention.ms', 'cleanup.policy', 'min.insync.replicas'];
    const filler = Array.from({ length: 30 }, (_, index) => `x${index}`);
    const ordered = inHashMapOrder([...names, ...filler], javaHashCode).filter((name) => names.includes(name));
    expect(ordered).toEqual(['min.insync.replicas', 'cleanup.policy', 'retention.ms']);
  });

  test('order partitions as Kafka’s tools print them', () => {
    // As printed by kafka-consumer-groups 4.3.1 --reset-offsets --all-topics.
    const printed = ['jav-data-0', 'jav-data-1', 'jav-one-0', 'jav-data-2'];
    const partitions = ['jav-one-0', 'jav-data-2', 'jav-data-1', 'jav-data-0'].map((name) => ({
      topic: name.slice(0, -2),
      partition: Number(name.slice(-1)),
    }));
    const names = inHashMapOrder(partitions, partitionHashCode).map(({ topic, partition }) => `${topic}-${partition}`);
    expect(names).toEqual(printed);
  });
});

/** The definition, written down once more. */
function javaHash(text: string): number {
  return Number(
    BigInt.asIntN(
      32,
      [...text].reduce((sum, char) => sum * 31n + BigInt(char.charCodeAt(0)), 0n),
    ),
  );
}

describe('topicFilter', () => {
  test.each([
    ['a.*', 'abc', true],
    ['a', 'ab', false],
    ['a,b', 'b', true],
    ['"a|b"', 'a', true],
    [' a , b ', 'a', true],
  ])('%j against %s', (pattern, name, expected) => {
    expect(topicFilter(pattern)(name)).toBe(expected);
  });

  test('says that an expression is not valid', () => {
    expect(() => topicFilter('a[')).toThrow('a[ is an invalid regex.');
  });
});

test.each([
  ['UNKNOWN_TOPIC_OR_PARTITION', 'UnknownTopicOrPartitionException'],
  ['TOPIC_ALREADY_EXISTS', 'TopicExistsException'],
  ['INVALID_REPLICATION_FACTOR', 'InvalidReplicationFactorException'],
  ['NON_EMPTY_GROUP', 'GroupNotEmptyException'],
  ['TOPIC_AUTHORIZATION_FAILED', 'TopicAuthorizationException'],
  ['INVALID_TOPIC_EXCEPTION', 'InvalidTopicException'],
  ['KAFKA_STORAGE_ERROR', 'KafkaStorageException'],
])('%s is %s', (code, name) => {
  expect(exceptionName(code)).toBe(`org.apache.kafka.common.errors.${name}`);
});

describe('times of reset-offsets', () => {
  test.each([
    ['2023-11-14T22:13:20.000', 1_700_000_000_000],
    ['2023-11-14T22:13:20', 1_700_000_000_000],
    ['2023-11-14T22:13', 1_699_999_980_000],
    ['2023-11-14T22:13:20.000Z', 1_700_000_000_000],
    ['2023-11-14T23:13:20.000+01:00', 1_700_000_000_000],
    ['2023-11-14T23:13:20.000+0100', 1_700_000_000_000],
    ['2023-11-14T23:13:20.000+01', 1_700_000_000_000],
  ])('%s', (text, time) => {
    expect(parseDateTime(text)).toBe(time);
  });

  test.each(['nope', '2023-11-14', '2023-13-40T00:00:00', '2023-11-14 22:13:20'])('refuses %j', (text) => {
    expect(() => parseDateTime(text)).toThrow(/YYYY-MM-DDThh:mm:ss/);
  });

  test.each([
    ['P1D', 86_400_000],
    ['PT1H2M3.5S', 3_723_500],
    ['P1DT1S', 86_401_000],
    ['-PT1M', -60_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['P', 'PT', '1D', 'P1Y', ''])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(/duration/);
  });

  test('selections name topics or partitions of them', () => {
    expect(parseSelection('t')).toEqual({ topic: 't', partitions: undefined });
    expect(parseSelection('t:0,2')).toEqual({ topic: 't', partitions: [0, 2] });
    expect(() => parseSelection('t:x')).toThrow(/topic:0,1,2/);
  });
});

test('settings with commas stand in brackets', () => {
  expect(Object.fromEntries(parsePairs('a=1, b=[x,y],c=[iterations=8192,password=p=w] '))).toEqual({
    a: '1',
    b: 'x,y',
    c: 'iterations=8192,password=p=w',
  });
  expect(() => parsePairs('a')).toThrow(/key=val/);
});
