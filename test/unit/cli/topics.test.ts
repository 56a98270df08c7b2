import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as topicsTool } from '../../../extension/cli/topics.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

let cluster: ToolCluster;

beforeEach(async () => {
  cluster = await ToolCluster.start();
});

afterEach(() => cluster.stop());

describe('topics', () => {
  test('creates and lists', async () => {
    expect(await cluster.run(topicsTool, '--create --topic b --partitions 2 --config retention.ms=1')).toEqual({
      code: 0,
      out: 'Created topic b.\n',
      err: '',
    });
    const { topics: sent } = cluster.broker.requests('CreateTopics')[0]!.body;
    expect(sent[0]).toMatchObject({ name: 'b', numPartitions: 2, configs: [{ name: 'retention.ms', value: '1' }] });
    cluster.topics.add('a', 1);
    cluster.topics.add('__consumer_offsets', 1);
    expect((await cluster.run(topicsTool, '--list')).out).toBe('__consumer_offsets\na\nb\n');
    expect((await cluster.run(topicsTool, '--list --exclude-internal')).out).toBe('a\nb\n');
    expect((await cluster.run(topicsTool, '--list --topic a|__.*')).out).toBe('__consumer_offsets\na\n');
  });

  test('does not mind an existing topic when told so', async () => {
    cluster.topics.add('a', 1);
    const failed = await cluster.run(topicsTool, '--create --topic a');
    expect(failed).toMatchObject({ code: 1, out: "Error while executing topic command : Topic 'a' already exists.\n" });
    expect(failed.err).toContain(
      "ERROR org.apache.kafka.common.errors.TopicExistsException: Topic 'a' already exists.",
    );
    expect(await cluster.run(topicsTool, '--create --topic a --if-not-exists')).toEqual({ code: 0, out: '', err: '' });
  });

  test('describes leaders, replicas and settings', async () => {
    cluster.topics.add('t', 2);
    cluster.topics.find('t', 1)!.leader = -1;
    cluster.broker.on('DescribeConfigs', () => ({
      throttleTimeMs: 0,
      results: [
        {
          errorCode: 0,
          errorMessage: null,
          resourceType: 2,
          resourceName: 't',
          configs: [
            { name: 'retention.ms', value: '5', readOnly: false, configSource: 1, isSensitive: false, synonyms: [] },
            { name: 'segment.ms', value: '7', readOnly: false, configSource: 5, isSensitive: false, synonyms: [] },
          ],
        },
      ],
    }));
    const { out } = await cluster.run(topicsTool, '--describe --topic t');
    const [header, first, second] = out.split('\n');
    expect(header).toMatch(
      /^Topic: t\tTopicId: [\w-]{22}\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: retention.ms=5$/,
    );
    expect(first).toBe('\tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: N/A\tLastKnownElr: N/A');
    expect(second).toContain('Partition: 1\tLeader: none');
    expect((await cluster.run(topicsTool, '--describe --unavailable-partitions')).out).toBe(`${second}\n`);
    expect((await cluster.run(topicsTool, '--describe --under-replicated-partitions')).out).toBe('');
    expect((await cluster.run(topicsTool, '--describe --topics-with-overrides')).out).toBe(`${header}\n`);
  });

  test('knows what is not there', async () => {
    expect(await cluster.run(topicsTool, '--describe --topic nope')).toMatchObject({
      code: 1,
      out: "Error while executing topic command : Topic 'nope' does not exist as expected\n",
    });
    expect(await cluster.run(topicsTool, '--describe --topic nope --if-exists')).toEqual({ code: 0, out: '', err: '' });
    expect((await cluster.run(topicsTool, '--delete --topic nope')).code).toBe(1);
  });

  test('extends and deletes', async () => {
    cluster.topics.add('t', 1);
    cluster.broker.on('CreatePartitions', () => ({ throttleTimeMs: 0, results: [{ name: 't', errorCode: 0 }] }));
    cluster.broker.on('DeleteTopics', () => ({ throttleTimeMs: 0, responses: [{ name: 't', errorCode: 0 }] }));
    expect(await cluster.run(topicsTool, '--alter --topic t --partitions 3 --replica-assignment 1,1,1')).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(cluster.broker.requests('CreatePartitions')[0]!.body.topics[0]).toMatchObject({
      count: 3,
      assignments: [{ brokerIds: [1] }, { brokerIds: [1] }],
    });
    expect(await cluster.run(topicsTool, '--delete --topic t')).toEqual({ code: 0, out: '', err: '' });
  });

  test.each([
    ['', 'exactly one action'],
    ['--list --create --topic x', 'exactly one action'],
    ['--create', 'Missing required argument "[topic]"'],
    ['--alter --topic x', 'Missing required argument "[partitions]"'],
    ['--list --partitions 3', `Option "[partitions]" can't be used with option "[list]"`],
    ['--describe --if-not-exists --topic x', `Option "[if-not-exists]" can't be used`],
    ['--create --topic x --partitions 1 --replica-assignment 1', `can't be used with option "[partitions]"`],
    ['--alter --topic x --config a=b', `can't be used with option "[alter]"`],
  ])('refuses %j', async (args, text) => {
    const { code, out, err } = await cluster.run(topicsTool, args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(text);
    expect(err).toContain('Option ');
  });

  test.each([
    ['--create --topic x --partitions 0', 'The partitions must be greater than 0'],
    ['--create --topic x --partitions x', "Cannot parse argument 'x' of option partitions"],
    ['--create --topic x --replication-factor 0', 'The replication factor must be between 1 and 32767'],
    ['--create --topic x --replica-assignment 1:1', 'may not contain duplicate entries: 1'],
    ['--create --topic x --replica-assignment 1:2,1', 'has 1 replicas, the ones before it 2'],
    ['--create --topic x --config nope', 'key=val'],
    ['--list --topic a[', 'is an invalid regex'],
    ['--describe --topic-id bad', '16 bytes'],
  ])('says why %j does not work', async (args, text) => {
    const { code, out } = await cluster.run(topicsTool, args);
    expect(code).toBe(1);
    expect(out).toContain('Error while executing topic command : ');
    expect(out).toContain(text);
  });
});
