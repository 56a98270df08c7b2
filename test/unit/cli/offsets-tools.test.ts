import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as getOffsets } from '../../../extension/cli/get-offsets.ts';
import { run as deleteRecords } from '../../../extension/cli/delete-records.ts';
import { named, ToolCluster } from '../../support/tool-cluster.ts';

let cluster: ToolCluster;

beforeEach(async () => {
  cluster = await ToolCluster.start();
});

afterEach(() => cluster.stop());

describe('get-offsets', () => {
  beforeEach(() => {
    for (const partition of cluster.topics.add('a', 3)) cluster.topics.append(partition, named('x', 'y'));
    cluster.topics.add('b', 1);
  });

  test.each([
    ['', 'a:0:2\na:1:2\na:2:2\nb:0:0\n'],
    ['--topic a --time earliest', 'a:0:0\na:1:0\na:2:0\n'],
    ['--topic a --time -1 --partitions 0,2', 'a:0:2\na:2:2\n'],
    ['--topic a --time 500', 'a:0:0\na:1:0\na:2:0\n'],
    ['--topic a --time 5000', ''],
    ['--topic-partitions a:1,b', 'a:1:2\nb:0:0\n'],
    ['--topic-partitions a:1-', 'a:1:2\na:2:2\n'],
    ['--topic-partitions a:-1,:2', 'a:0:2\na:2:2\n'],
    ['--topic-partitions a:0-2', 'a:0:2\na:1:2\n'],
  ])('%j', async (args, out) => {
    expect(await cluster.run(getOffsets, args)).toEqual({ code: 0, out, err: '' });
  });

  test.each([
    ['--topic nope', 'Could not match any topic-partitions'],
    ['--topic a --time soon', 'Malformed time argument soon'],
    ['--topic a --partitions x', 'numeric partition ids, but received: x'],
    ['--topic a --topic-partitions a', 'cannot be used with --topic or --partitions'],
    ['--topic-partitions a:b:c', 'Invalid rule specification: a:b:c'],
  ])('refuses %j', async (args, text) => {
    expect(await cluster.run(getOffsets, args)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(`Error occurred: `),
    });
    expect((await cluster.run(getOffsets, args)).err).toContain(text);
  });
});

describe('delete-records', () => {
  const json = (content: unknown): string =>
    cluster.file('offsets.json', typeof content === 'string' ? content : JSON.stringify(content));

  test('deletes up to offsets', async () => {
    cluster.topics.add('t', 2);
    cluster.broker.on('DeleteRecords', () => ({
      throttleTimeMs: 0,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, lowWatermark: 5, errorCode: 0 },
            { partitionIndex: 1, lowWatermark: -1, errorCode: 1 },
          ],
        },
      ],
    }));
    const partitions = [
      { topic: 't', partition: 0, offset: 5 },
      { topic: 't', partition: 1, offset: -1 },
    ];
    const { code, out } = await cluster.run(deleteRecords, `--offset-json-file ${json({ partitions, version: 1 })}`);
    expect(code).toBe(0);
    const lines = out.trim().split('\n');
    expect(lines.slice(0, 2)).toEqual(['Executing records delete operation', 'Records delete operation completed:']);
    expect(lines.slice(2).sort()).toEqual([
      'partition: t-0\tlow_watermark: 5',
      expect.stringMatching(/^partition: t-1\terror: org\.apache\.kafka\.common\.errors\.OffsetOutOfRangeException: /),
    ]);
    expect(
      cluster.broker
        .requests('DeleteRecords')[0]!
        .body.topics[0].partitions.map((each: { offset: number }) => each.offset),
    ).toEqual([5, -1]);
  });

  test.each([
    ['{', 'not a valid JSON'],
    [{ version: 2 }, 'Not supported version field value 2'],
    [{ version: 1 }, 'Missing partitions field'],
    [{ partitions: [{ topic: 't', partition: 0 }] }, 'needs topic, partition and offset'],
    [
      { partitions: [0, 1].map((offset) => ({ topic: 't', partition: 0, offset })) },
      'contains duplicate topic partitions: t-0',
    ],
  ])('refuses %j', async (content, text) => {
    const { code, err } = await cluster.run(deleteRecords, `--offset-json-file ${json(content)}`);
    expect(code).toBe(1);
    expect(err).toContain(text);
  });
});
