import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DescribeConfigsResourceResultInput } from '../../../../extension/protocol/generated/describe-configs-response.ts';
import { ConfigResolver, ConfigSource } from '../../../../extension/engine/metadata/config-resolver.ts';
import { ConfigsDelta } from '../../../../extension/engine/metadata/configs-delta.ts';
import { ConfigResourceType, ConfigsImage } from '../../../../extension/engine/metadata/metadata-image.ts';

/** server.properties of the broker that the fixtures were asked from with `kafka-configs --describe --all`. */
const serverProperties = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.bootstrap.servers': '127.0.0.1:29193',
  listeners: 'PLAINTEXT://127.0.0.1:28193,CONTROLLER://127.0.0.1:29193',
  'advertised.listeners': 'PLAINTEXT://127.0.0.1:28193',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': '/data/broker-1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'group.initial.rebalance.delay.ms': '0',
};

const sourceNames = new Map(Object.entries(ConfigSource).map(([name, value]) => [value as number, name]));

/** A line as kafka-configs prints it. */
function line(entry: DescribeConfigsResourceResultInput): string {
  const synonyms = (entry.synonyms ?? []).map(
    ({ name, value, source }) => `${sourceNames.get(source)}:${name}=${value}`,
  );
  return `${entry.name}=${entry.value} sensitive=${entry.isSensitive} synonyms={${synonyms.join(', ')}}`;
}

function fixture(name: string): string[] {
  return readFileSync(new URL(`../../../fixtures/kafka-configs/${name}.txt`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
}

function image(...values: [type: number, resource: string, name: string, value: string][]): ConfigsImage {
  const delta = new ConfigsDelta(ConfigsImage.EMPTY);
  for (const [resourceType, resourceName, name, value] of values) {
    delta.set({ resourceType, resourceName, name, value, unknownTaggedFields: undefined });
  }
  return delta.apply();
}

const { TOPIC, BROKER, GROUP, CLIENT_METRICS } = ConfigResourceType;
const minIsr: [number, string, string, string] = [BROKER, '', 'min.insync.replicas', '1'];
const resolver = new ConfigResolver(1, serverProperties);

describe('what Apache Kafka 4.3.1 answers', () => {
  test('for a topic with one override', () => {
    const lines = resolver.describeTopic(image(minIsr, [TOPIC, 'A', 'retention.ms', '1000']), 'A', null).map(line);
    expect(lines.sort()).toEqual(fixture('topic').sort());
  });

  test('for a broker', () => {
    expect(resolver.describeBroker(image(minIsr), null).map(line).sort()).toEqual(fixture('broker').sort());
  });
});

describe('effective values', () => {
  test('come from the topic, the broker, the cluster, server.properties and the defaults, in this order', () => {
    const resolve = new ConfigResolver(1, { 'log.retention.ms': '4' });
    const levels: [number, string, string, string][] = [
      [BROKER, '', 'log.retention.ms', '3'],
      [BROKER, '1', 'log.retention.ms', '2'],
      [TOPIC, 't', 'retention.ms', '1'],
    ];
    const at = (count: number): string | undefined =>
      resolve.topic(image(...levels.slice(0, count)), 't')['retention.ms'];
    expect([at(3), at(2), at(1), at(0)]).toEqual(['1', '2', '3', '4']);
    expect(new ConfigResolver(1, {}).topic(ConfigsImage.EMPTY, 't')['retention.ms']).toBe('604800000');
  });

  test('another broker is not asked', () => {
    const configs = image([BROKER, '2', 'log.retention.ms', '2']);
    expect(resolver.topic(configs, 't')['retention.ms']).toBe('604800000');
  });

  test.each([
    [{ 'log.retention.hours': '2' }, '7200000'],
    [{ 'log.retention.minutes': '2', 'log.retention.hours': '5' }, '120000'],
    [{ 'log.retention.ms': '7', 'log.retention.minutes': '2' }, '7'],
    [{ 'log.retention.hours': '-1' }, '-1'],
  ])('%j is retention.ms %s', (properties, expected) => {
    expect(new ConfigResolver(1, properties).topicDefaults(ConfigsImage.EMPTY)['retention.ms']).toBe(expected);
  });

  test('values are printed as Kafka parses them', () => {
    const configs = image([TOPIC, 't', 'preallocate', 'TRUE'], [TOPIC, 't', 'cleanup.policy', 'compact, delete']);
    const described = resolver.describeTopic(configs, 't', ['preallocate', 'cleanup.policy']);
    expect(described.map(({ value }) => value)).toEqual(['compact,delete', 'true']);
    // CreateTopics repeats them as they were given.
    const effective = resolver.effectiveTopicConfigs(configs, configs.get(TOPIC, 't'));
    expect(effective.find(({ name }) => name === 'preallocate')).toMatchObject({ value: 'TRUE', configSource: 1 });
  });

  test('internal.segment.bytes is listed only where it is set', () => {
    const names = (configs: ConfigsImage): string[] =>
      resolver.describeTopic(configs, 't', null).map(({ name }) => name);
    expect(names(ConfigsImage.EMPTY)).not.toContain('internal.segment.bytes');
    expect(names(image([TOPIC, 't', 'internal.segment.bytes', '100']))).toContain('internal.segment.bytes');
  });

  test('a new image is noticed', () => {
    expect(resolver.topicDefaults(ConfigsImage.EMPTY)['retention.ms']).toBe('604800000');
    expect(resolver.topicDefaults(image([BROKER, '', 'log.retention.ms', '9']))['retention.ms']).toBe('9');
    expect(resolver.topicDefaults(ConfigsImage.EMPTY)['retention.ms']).toBe('604800000');
  });
});

describe('what is told', () => {
  test('passwords and configs that nobody knows never are', () => {
    const configs = image(
      [BROKER, '1', 'listener.name.plaintext.ssl.keystore.password', 'secret'],
      [BROKER, '1', 'foo.bar', 'secret'],
    );
    const described = resolver.describeBroker(configs, ['listener.name.plaintext.ssl.keystore.password', 'foo.bar']);
    expect(described).toHaveLength(2);
    expect(JSON.stringify(described)).not.toContain('secret');
    for (const entry of described) expect(entry).toMatchObject({ value: null, isSensitive: true, readOnly: true });
  });

  test('a config that changes while running is not read-only', () => {
    const [threads, partitions] = resolver.describeBroker(ConfigsImage.EMPTY, [
      'log.cleaner.threads',
      'num.partitions',
    ]);
    expect(threads).toMatchObject({ name: 'log.cleaner.threads', readOnly: false, configType: 3 });
    expect(partitions).toMatchObject({ name: 'num.partitions', readOnly: true, configSource: 5 });
  });

  test('the cluster default lists what is set and nothing else', () => {
    const described = resolver.describeBrokerDefaults(image(minIsr), null);
    expect(described.map(line)).toEqual([
      'min.insync.replicas=1 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}',
    ]);
  });

  test('groups inherit from the broker', () => {
    const configs = image(
      [GROUP, 'g', 'consumer.session.timeout.ms', '46000'],
      [GROUP, 'g', 'share.auto.offset.reset', 'earliest'],
    );
    const all = resolver.describeGroup(configs, 'g', null);
    expect(all).toHaveLength(17);
    expect(all.map(line)).toEqual(
      expect.arrayContaining([
        'consumer.session.timeout.ms=46000 sensitive=false synonyms={GROUP_CONFIG:consumer.session.timeout.ms=46000, DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}',
        'share.auto.offset.reset=earliest sensitive=false synonyms={GROUP_CONFIG:share.auto.offset.reset=earliest, DEFAULT_CONFIG:share.auto.offset.reset=latest}',
        'share.session.timeout.ms=45000 sensitive=false synonyms={DEFAULT_CONFIG:group.share.session.timeout.ms=45000}',
      ]),
    );
  });

  test('client metrics have three configs', () => {
    const described = resolver.describeClientMetrics(image([CLIENT_METRICS, 'm', 'interval.ms', '5000']), 'm', null);
    expect(described.map(line)).toEqual([
      'interval.ms=5000 sensitive=false synonyms={CLIENT_METRICS_CONFIG:interval.ms=5000}',
      'match= sensitive=false synonyms={}',
      'metrics= sensitive=false synonyms={}',
    ]);
  });
});
