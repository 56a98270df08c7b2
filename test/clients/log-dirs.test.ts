import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tool } from '../support/apache-kafka-tools.ts';
import type { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { samsa } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

interface Replica {
  readonly partition: string;
  readonly size: number;
  readonly offsetLag: number;
  readonly isFuture: boolean;
}

interface LogDir {
  readonly logDir: string;
  readonly error: string | null;
  readonly partitions: readonly Replica[];
}

/** One broker with several log directories, under Apache Kafka's own tools. */
describe.skipIf(lacks('apache-kafka'))('a broker with several log directories', () => {
  let directory: TemporaryDirectory;
  let broker: Child;
  let bootstrap: string;
  /** `a` holds the metadata log; `c` is a file in the way of a directory. */
  let a: string;
  let b: string;
  let c: string;

  beforeAll(async () => {
    directory = await temporaryDirectory('log-dirs');
    [a, b, c] = ['a', 'b', 'c'].map((name) => join(directory.path, name)) as [string, string, string];
    const [port, controllerPort] = [await freePort(), await freePort()];
    bootstrap = `127.0.0.1:${port}`;
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'log.dirs': `${a},${b},${c}`,
      listeners: `PLAINTEXT://${bootstrap},CONTROLLER://127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
    };
    await writeFile(c, '');
    await writeFile(
      join(directory.path, 'server.properties'),
      Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join(''),
    ); // prettier-ignore
    await start();
  });

  afterAll(async () => {
    await broker?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  async function start(): Promise<void> {
    broker = samsa(['server-start', join(directory.path, 'server.properties')]);
    await broker.waitForOutput((stdout) => stdout.includes('Ready in'));
  }

  const kafka = (name: Parameters<typeof tool>[0], args: readonly string[], stdin?: string): Promise<string> =>
    tool(name, ['--bootstrap-server', bootstrap, ...args], stdin === undefined ? {} : { stdin });

  async function describeDirs(topic: string): Promise<readonly LogDir[]> {
    const lines = (await kafka('log-dirs', ['--describe', '--topic-list', topic])).split('\n');
    const json = JSON.parse(lines.find((line) => line.startsWith('{'))!) as { brokers: { logDirs: LogDir[] }[] };
    return [...json.brokers[0]!.logDirs].sort((one, other) => (one.logDir < other.logDir ? -1 : 1));
  }

  /** The names of a topic's partitions by directory, without sizes. */
  async function placesOf(topic: string): Promise<Record<string, string[]>> {
    const dirs = await describeDirs(topic);
    return Object.fromEntries(dirs.map(({ logDir, partitions }) => [logDir, partitions.map(({ partition }) => partition).sort()])); // prettier-ignore
  }

  async function reassign(partitions: readonly { topic: string; partition: number; to: string }[]): Promise<string> {
    const file = join(directory.path, 'moves.json');
    const moves = partitions.map(({ topic, partition, to }) => ({ topic, partition, replicas: [1], log_dirs: [to] }));
    await writeFile(file, JSON.stringify({ version: 1, partitions: moves }));
    const output = await kafka('reassign-partitions', ['--reassignment-json-file', file, '--execute']);
    expect(output).toContain(`Successfully started moving log directory to ${partitions[0]!.to}`);
    await until('the replicas are moved', async () => {
      const verified = await kafka('reassign-partitions', ['--reassignment-json-file', file, '--verify']);
      return partitions.every(({ topic, partition }) =>
        verified.includes(`Reassignment of replica ${topic}-${partition}-1 completed successfully.`),
      );
    });
    return output;
  }

  const consume = async (topic: string, count: number): Promise<string[]> => {
    const args = ['--topic', topic, '--from-beginning', '--max-messages', String(count)];
    return (await kafka('console-consumer', args)).trimEnd().split('\n').sort();
  };

  const lines = Array.from({ length: 2000 }, (_, i) => `line ${String(i).padStart(5, '0')} ${'padding '.repeat(40)}`.trim()); // prettier-ignore

  it('starts with those that it can use, and spreads partitions evenly', async () => {
    await kafka('topics', ['--create', '--topic', 'orders', '--partitions', '4']);
    const dirs = await describeDirs('orders');
    expect(dirs.map(({ logDir, error, partitions }) => [logDir, error, partitions.length])).toEqual([
      [a, null, 2],
      [b, null, 2],
      [c, 'org.apache.kafka.common.errors.KafkaStorageException', 0],
    ]);
    expect(broker.stderr).toContain(`${c} cannot be used`);
  });

  it('moves a replica to another directory, with all that it holds', async () => {
    await kafka('topics', ['--create', '--topic', 'moved']);
    await kafka('console-producer', ['--topic', 'moved'], `${lines.join('\n')}\n`);
    const from = (await placesOf('moved'))[a]!.length > 0 ? a : b;
    const to = from === a ? b : a;
    expect(await reassign([{ topic: 'moved', partition: 0, to }])).toContain(`"log_dirs":["${from}"]`);
    expect(await placesOf('moved')).toMatchObject({ [from]: [], [to]: ['moved-0'] });
    expect(await consume('moved', lines.length)).toEqual(lines);
    await kafka('console-producer', ['--topic', 'moved'], 'one more\n');
    expect(await consume('moved', lines.length + 1)).toEqual([...lines, 'one more']);
    expect((await readdir(to)).filter((name) => name.startsWith('moved-0'))).toEqual(['moved-0']);
  });

  it('finds moved replicas again after a stop, and after a kill', async () => {
    const before = await placesOf('moved');
    await broker.stop();
    await start();
    expect(await placesOf('moved')).toEqual(before);
    await broker.kill();
    await start();
    expect(await placesOf('moved')).toEqual(before);
    expect((await consume('moved', lines.length + 1)).length).toBe(lines.length + 1);
  });

  it('takes back a directory that was away, with its replicas', async () => {
    const before = await placesOf('orders');
    await broker.stop();
    await rename(b, `${b}-away`);
    await writeFile(b, '');
    await start();
    const described = await kafka('topics', ['--describe', '--topic', 'orders']);
    expect(described.match(/Leader: none/g)).toHaveLength(2);
    expect(described.match(/Leader: 1/g)).toHaveLength(2);
    await broker.stop();
    await rm(b);
    await rename(`${b}-away`, b);
    await rm(c);
    await mkdir(c);
    await start();
    expect((await describeDirs('orders')).map(({ error }) => error)).toEqual([null, null, null]);
    expect(await placesOf('orders')).toEqual({ ...before, [c]: [] });
    const again = await kafka('topics', ['--describe', '--topic', 'orders']);
    expect(again.match(/Leader: 1/g)).toHaveLength(4);
  });
});
