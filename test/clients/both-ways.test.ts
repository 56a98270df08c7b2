import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApacheKafka } from '../support/apache-kafka.ts';
import { tool } from '../support/apache-kafka-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';

/** Whatever serves a directory: Samsa or Apache Kafka. */
interface Serving {
  readonly bootstrap: string;
  stop(): Promise<unknown>;
}

const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

async function produce({ bootstrap }: Serving, topic: string, values: readonly string[], codec: string): Promise<void> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--compression-codec', codec];
  await tool('console-producer', args, { stdin: `${values.join('\n')}\n` });
}

async function consume({ bootstrap }: Serving, topic: string, count: number, group?: string): Promise<string[]> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--from-beginning', '--max-messages', String(count)];
  const output = await tool('console-consumer', group === undefined ? args : [...args, '--group', group]);
  return output.trimEnd().split('\n');
}

async function describeGroup({ bootstrap }: Serving): Promise<string> {
  return tool('consumer-groups', ['--bootstrap-server', bootstrap, '--describe', '--group', 'readers']);
}

/** What is written by whoever begins, and checked by whoever goes on. */
async function fill(serving: Serving): Promise<void> {
  const bootstrap = ['--bootstrap-server', serving.bootstrap];
  await tool('topics', [...bootstrap, '--create', '--topic', 'shared', '--config', 'retention.ms=86400000']);
  await tool('topics', [...bootstrap, '--create', '--topic', 'wide', '--partitions', '4']);
  let at = 0;
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await produce(serving, 'shared', lines(at, at + 20), codec);
    at += 20;
  }
  expect(await consume(serving, 'shared', 60, 'readers')).toEqual(lines(0, 60));
}

async function check(serving: Serving, count: number): Promise<void> {
  expect(await consume(serving, 'shared', count)).toEqual(lines(0, count));
  expect(await describeGroup(serving)).toMatch(new RegExp(`readers\\s+shared\\s+0\\s+60\\s+${count}\\s+${count - 60}`));
  const configs = [
    '--bootstrap-server',
    serving.bootstrap,
    '--describe',
    '--entity-type',
    'topics',
    '--entity-name',
    'shared',
  ];
  expect(await tool('configs', configs)).toContain('retention.ms=86400000');
  const wide = await tool('topics', ['--bootstrap-server', serving.bootstrap, '--describe', '--topic', 'wide']);
  expect(wide).toContain('PartitionCount: 4');
  expect(wide).not.toContain('Leader: none');
}

describe.skipIf(lacks('apache-kafka'))('one data directory, two brokers', () => {
  let directory: TemporaryDirectory;
  beforeEach(async () => {
    directory = await temporaryDirectory('both-ways');
  });
  afterEach(async () => {
    await directory[Symbol.asyncDispose]();
  });

  const samsa = (): Promise<SamsaCluster> => SamsaCluster.start({ dataDir: directory.path });
  const kafka = (quorum: 'static' | 'dynamic' = 'dynamic'): Promise<ApacheKafka> =>
    ApacheKafka.start({ directory: `${directory.path}/broker-1`, quorum });

  async function turn<S extends Serving>(start: Promise<S>, work: (serving: S) => Promise<void>): Promise<void> {
    const serving = await start;
    try {
      await work(serving);
    } finally {
      await serving.stop();
    }
  }

  it('Samsa begins, Apache Kafka goes on, Samsa goes on', { timeout: 240_000 }, async () => {
    await turn(samsa(), fill);
    await turn(kafka(), async (serving) => {
      await check(serving, 100);
      await produce(serving, 'shared', lines(100, 130), 'zstd');
    });
    await turn(samsa(), async (serving) => {
      await check(serving, 130);
      await produce(serving, 'shared', lines(130, 140), 'lz4');
    });
    await turn(kafka(), (serving) => check(serving, 140));
  });

  it.each(['static', 'dynamic'] as const)(
    'Apache Kafka begins with a %s quorum, Samsa goes on',
    { timeout: 240_000 },
    async (quorum) => {
      await turn(kafka(quorum), fill);
      await turn(samsa(), async (serving) => {
        await check(serving, 100);
        await produce(serving, 'shared', lines(100, 110), 'none');
        await tool('topics', ['--bootstrap-server', serving.bootstrap, '--create', '--topic', 'by-samsa']);
      });
      await turn(kafka(quorum), async (serving) => {
        await check(serving, 110);
        expect(await tool('topics', ['--bootstrap-server', serving.bootstrap, '--list'])).toContain('by-samsa');
      });
    },
  );
});
