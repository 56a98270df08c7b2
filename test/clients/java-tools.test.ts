import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, startTool, tool, type ToolName } from '../support/apache-kafka-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';

/** Apache Kafka's own command-line tools against our broker. */
describe.skipIf(lacks('apache-kafka'))("Apache Kafka's tools", () => {
  let directory: TemporaryDirectory;
  let cluster: SamsaCluster;

  beforeAll(async () => {
    directory = await temporaryDirectory('java-tools');
    cluster = await SamsaCluster.start({ dataDir: `${directory.path}/data` });
  });

  afterAll(async () => {
    await cluster?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  const kafka = (name: ToolName, ...args: string[]): Promise<string> =>
    tool(name, ['--bootstrap-server', cluster.bootstrap, ...args]);
  const kafkaWith = (stdin: string, name: ToolName, ...args: string[]): Promise<string> =>
    tool(name, ['--bootstrap-server', cluster.bootstrap, ...args], { stdin });

  it('kafka-topics creates, lists, describes, alters and deletes', async () => {
    expect(await kafka('topics', '--create', '--topic', 'orders', '--partitions', '3')).toContain(
      'Created topic orders.',
    );
    expect((await kafka('topics', '--list')).split('\n')).toContain('orders');
    const described = await kafka('topics', '--describe', '--topic', 'orders');
    expect(described).toMatch(/Topic: orders\s+TopicId: \S{22}\s+PartitionCount: 3\s+ReplicationFactor: 1/);
    expect(described).toMatch(/Partition: 2\s+Leader: 1\s+Replicas: 1\s+Isr: 1\s+Elr: \s*LastKnownElr:/);
    await kafka('topics', '--alter', '--topic', 'orders', '--partitions', '4');
    expect(await kafka('topics', '--describe', '--topic', 'orders')).toContain('PartitionCount: 4');
    const again = await runTool('topics', ['--bootstrap-server', cluster.bootstrap, '--create', '--topic', 'orders']);
    expect(again.code).not.toBe(0);
    expect(again.stdout + again.stderr).toContain('TopicExistsException');
    await kafka('topics', '--create', '--topic', 'doomed');
    await kafka('topics', '--delete', '--topic', 'doomed');
    expect((await kafka('topics', '--list')).split('\n')).not.toContain('doomed');
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('the console tools carry records with %s', async (codec) => {
    const topic = `console-${codec}`;
    const lines = Array.from({ length: 50 }, (_, i) => `key${i % 7}:value ${i} ${'padding '.repeat(20)}`);
    await kafkaWith(
      `${lines.join('\n')}\n`,
      'console-producer',
      '--topic', topic,
      '--compression-codec', codec,
      '--reader-property', 'parse.key=true',
      '--reader-property', 'key.separator=:',
    ); // prettier-ignore
    const seen = await kafka(
      'console-consumer',
      '--topic', topic,
      '--from-beginning',
      '--max-messages', String(lines.length),
      '--formatter-property', 'print.key=true',
      '--formatter-property', 'key.separator=:',
    ); // prettier-ignore
    expect(
      seen
        .trimEnd()
        .split('\n')
        .map((line) => line.trim())
        .sort(),
    ).toEqual(lines.map((line) => line.trim()).sort());
  });

  it('kafka-consumer-groups sees a group, its lag and its offsets, and resets them', async () => {
    await kafkaWith('a\nb\nc\n', 'console-producer', '--topic', 'grouped');
    await kafka(
      'console-consumer',
      '--topic',
      'grouped',
      '--group',
      'readers',
      '--from-beginning',
      '--max-messages',
      '3',
    );
    expect(await kafka('consumer-groups', '--list')).toContain('readers');
    const offsets = await kafka('consumer-groups', '--describe', '--group', 'readers');
    expect(offsets).toMatch(/readers\s+grouped\s+0\s+3\s+3\s+0/);
    expect(await kafka('consumer-groups', '--describe', '--group', 'readers', '--state')).toMatch(/Empty\s+0/);
    const reset = ['--group', 'readers', '--topic', 'grouped', '--reset-offsets', '--to-offset', '1', '--execute'];
    expect(await kafka('consumer-groups', ...reset)).toMatch(/readers\s+grouped\s+0\s+1/);
    expect(await kafka('consumer-groups', '--describe', '--group', 'readers')).toMatch(/grouped\s+0\s+1\s+3\s+2/);
    await kafka('consumer-groups', '--delete-offsets', '--group', 'readers', '--topic', 'grouped');
    await kafka('consumer-groups', '--delete', '--group', 'readers');
    expect(await kafka('consumer-groups', '--list')).not.toContain('readers');
  });

  it('kafka-consumer-groups describes members of a live group', async () => {
    await kafkaWith('a\n', 'console-producer', '--topic', 'live');
    const args = ['--bootstrap-server', cluster.bootstrap, '--topic', 'live', '--group', 'alive', '--from-beginning'];
    const consumer = await startTool('console-consumer', args);
    try {
      await consumer.waitForOutput((stdout) => stdout.includes('a'));
      expect(await kafka('consumer-groups', '--describe', '--group', 'alive', '--members')).toMatch(
        /alive\s+console-consumer\S*\s+\/127\.0\.0\.1\s+console-consumer\s+1/,
      );
      expect(await kafka('consumer-groups', '--describe', '--group', 'alive', '--state')).toContain('Stable');
    } finally {
      await consumer.stop();
    }
  });

  it('kafka-configs shows and changes configs', async () => {
    await kafka('topics', '--create', '--topic', 'configured');
    await kafka(
      'configs',
      '--alter',
      '--entity-type',
      'topics',
      '--entity-name',
      'configured',
      '--add-config',
      'retention.ms=1234,cleanup.policy=compact',
    );
    const shown = await kafka('configs', '--describe', '--entity-type', 'topics', '--entity-name', 'configured');
    expect(shown).toContain('retention.ms=1234');
    expect(shown).toContain('cleanup.policy=compact');
    await kafka(
      'configs',
      '--alter',
      '--entity-type',
      'topics',
      '--entity-name',
      'configured',
      '--delete-config',
      'retention.ms',
    );
    expect(
      await kafka('configs', '--describe', '--entity-type', 'topics', '--entity-name', 'configured'),
    ).not.toContain('retention.ms');
    expect(await kafka('configs', '--describe', '--all', '--entity-type', 'brokers', '--entity-name', '1')).toContain(
      'log.segment.bytes=1073741824',
    );
  });

  it('kafka-get-offsets, kafka-delete-records and kafka-log-dirs agree', async () => {
    await kafkaWith('a\nb\nc\nd\n', 'console-producer', '--topic', 'trimmed');
    expect(await kafka('get-offsets', '--topic', 'trimmed', '--time', 'latest')).toContain('trimmed:0:4');
    expect(await kafka('get-offsets', '--topic', 'trimmed', '--time', 'max-timestamp')).toMatch(/trimmed:0:[0-3]\b/);
    const file = join(directory.path, 'delete.json');
    await writeFile(file, JSON.stringify({ partitions: [{ topic: 'trimmed', partition: 0, offset: 3 }], version: 1 }));
    expect(await kafka('delete-records', '--offset-json-file', file)).toContain('low_watermark: 3');
    expect(await kafka('get-offsets', '--topic', 'trimmed', '--time', 'earliest')).toContain('trimmed:0:3');
    const dirs = await kafka('log-dirs', '--describe', '--topic-list', 'trimmed');
    expect(dirs).toMatch(/"partition":"trimmed-0","size":[1-9]\d*,"offsetLag":0,"isFuture":false/);
  });

  it('kafka-metadata-quorum and kafka-broker-api-versions describe the node', async () => {
    const quorum = await kafka('metadata-quorum', 'describe', '--status');
    expect(quorum).toMatch(/LeaderId:\s+1/);
    expect(quorum).toMatch(/"id": 1/);
    const versions = await kafka('broker-api-versions');
    expect(versions).toContain('Produce(0): 0 to 13 [usable: 13]');
    expect(versions).not.toContain('UNKNOWN');
  });

  it('kafka-dump-log finds nothing wrong with our files', async () => {
    // Twice, so that there are two batches at least: an index has no entry for the first.
    for (const first of [0, 1000]) {
      const lines = Array.from({ length: 1000 }, (_, i) => `line ${first + i}\n`);
      await kafkaWith(lines.join(''), 'console-producer', '--topic', 'dumped');
    }
    const folder = `${directory.path}/data/broker-1/dumped-0`;
    const files = (await readdir(folder)).filter((name) => /^\d{20}\.(log|index|timeindex)$/.test(name));
    expect(files).toHaveLength(3);
    const log = await tool('dump-log', [
      '--files',
      join(
        folder,
        files.find((name) => name.endsWith('.log'))!,
      ),
      '--deep-iteration',
      '--print-data-log',
    ]);
    expect(log).toContain('payload: line 1999');
    expect(log).not.toMatch(/isvalid: false|Found|Mismatch/);
    for (const index of files.filter((name) => name.endsWith('index'))) {
      expect(await tool('dump-log', ['--files', join(folder, index), '--index-sanity-check'])).toContain(
        'passed sanity check',
      );
    }
  });
});
