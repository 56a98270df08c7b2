import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as consoleProducer } from '../../../extension/cli/console-producer.ts';
import { run as consoleConsumer } from '../../../extension/cli/console-consumer.ts';
import { runTool } from '../../support/run-tool.ts';
import { named, ToolCluster } from '../../support/tool-cluster.ts';

let cluster: ToolCluster;

beforeEach(async () => {
  cluster = await ToolCluster.start();
});

afterEach(() => cluster.stop());

describe('console tools', () => {
  test('carry lines through', async () => {
    cluster.topics.add('t', 1);
    const produced = await cluster.run(consoleProducer, '--topic t', 'one\ntwo\n\nlast');
    expect(produced).toEqual({ code: 0, out: '', err: '' });
    const consumed = await cluster.run(consoleConsumer, '--topic t --partition 0 --offset earliest --max-messages 4');
    expect(consumed).toEqual({ code: 0, out: 'one\ntwo\n\nlast\n', err: 'Processed a total of 4 messages\n' });
  });

  test('carry keys and headers, old spellings included', async () => {
    cluster.topics.add('t', 1);
    const properties = '--property parse.key=true --property parse.headers=true --property key.separator=:';
    const produced = await cluster.run(consoleProducer, `--topic t ${properties}`, 'h:x\tk:v\n');
    expect(produced.out).toContain('Use --reader-property instead.');
    const { out } = await cluster.run(
      consoleConsumer,
      '--topic t --partition 0 --offset 0 --max-messages 1 --formatter-property print.key=true --formatter-property print.headers=true',
    );
    expect(out).toBe('h:x\tk\tv\n');
  });

  test('write what came before a bad line', async () => {
    cluster.topics.add('t', 1);
    const produced = await cluster.run(consoleProducer, '--topic t --reader-property parse.key=true', 'k\tv\nbad\n');
    expect(produced).toEqual({ code: 1, out: '', err: "No key separator found on line number 2: 'bad'\n" });
    expect(cluster.topics.end(cluster.topics.find('t', 0)!)).toBe(1);
  });

  test('report records that were refused', async () => {
    cluster.topics.add('t', 1);
    cluster.broker.on('Produce', ({ topicData }: { topicData: { topicId: string }[] }) => ({
      responses: [
        {
          topicId: topicData[0]!.topicId,
          name: '',
          partitionResponses: [{ index: 0, errorCode: 29, baseOffset: -1 }],
        },
      ],
    }));
    const { code, err } = await cluster.run(consoleProducer, '--topic t', 'x\n');
    expect(code).toBe(1);
    expect(err).toContain('Error when sending message to topic t with key: null, value: 1 bytes with error:');
    expect(err).toContain('TopicAuthorizationException');
  });

  test('end when nothing comes', async () => {
    cluster.topics.add('t', 1);
    const { code, err } = await cluster.run(consoleConsumer, '--topic t --partition 0 --timeout-ms 50');
    expect({ code, err }).toEqual({ code: 0, err: 'Processed a total of 0 messages\n' });
  });

  test('end cleanly when interrupted', async () => {
    cluster.topics.add('t', 1);
    cluster.topics.append(cluster.topics.find('t', 0)!, named('a'));
    const abort = new AbortController();
    const args = `--bootstrap-server ${cluster.broker.address} --topic t --partition 0 --offset earliest`;
    const running = runTool(consoleConsumer, args, { signal: abort.signal });
    await expect.poll(() => cluster.broker.requests('Fetch').length).toBeGreaterThan(1);
    abort.abort('SIGINT');
    expect(await running).toEqual({ code: 130, out: 'a\n', err: 'Processed a total of 1 messages\n' });
  });

  test.each([
    ['', 'Exactly one of the following arguments is required: [topic], [include]'],
    ['--topic t --include x', 'Exactly one'],
    ['--topic t --offset 1', 'The partition is required when offset is specified.'],
    ['--topic t --partition 0 --offset x', "The provided offset value 'x' is incorrect."],
    ['--topic t --partition 0 --offset 1 --from-beginning', 'from-beginning and offset cannot be specified together'],
    ['--topic t --partition 0 --group g', 'Options group and partition cannot be specified together.'],
    ['--topic t --property a=b --formatter-property c=d', 'Options --property and --formatter-property'],
    ['--topic t --group g --command-property group.id=h', 'do not match'],
    ['--topic t --isolation-level x', 'Invalid value x for configuration isolation.level'],
    ['--topic t --from-beginning --command-property auto.offset.reset=latest', 'please remove one option'],
  ])('console-consumer refuses %j', async (args, text) => {
    const { code, err } = await cluster.run(consoleConsumer, args);
    expect(code).toBe(1);
    expect(err).toContain(text);
  });

  test.each([
    ['', 'Missing required argument "[topic]"'],
    ['--topic t --compression-codec nope', 'Invalid value nope for configuration compression.type'],
    ['--topic t --request-required-acks 7', 'Invalid value 7 for configuration acks'],
    ['--topic t --batch-size x', "Cannot parse argument 'x' of option batch-size"],
    ['--topic t --line-reader mine', "Apache Kafka's own tool"],
  ])('console-producer refuses %j', async (args, text) => {
    const { code, err } = await cluster.run(consoleProducer, args, 'x\n');
    expect(code).toBe(1);
    expect(err).toContain(text);
  });
});
