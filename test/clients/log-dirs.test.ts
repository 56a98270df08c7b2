import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApacheKafka } from '../support/apache-kafka.ts';
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
  let port: number;
  let controllerPort: number;
  let properties: Record<string, string>;
  /** `a` holds the metadata log; `c` is a file in the way of a directory. */
  let a: string;
  let b: string;
  let c: string;

  beforeAll(async () => {
    directory = await temporaryDirectory('log-dirs');
    [a, b, c] = ['a', 'b', 'c'].map((name) => join(directory.path, name)) as [string, string, string];
    [port, controllerPort] = [await freePort(), await freePort()];
    bootstrap = `127.0.0.1:${port}`;
    properties = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'log.dirs': `${a},${b},${c}`,
      listeners: `PLAINTEXT://${bootstrap},CONTROLLER://127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
    };
    await writeFile(c, '');
    await start();
  });

  afterAll(async () => {
    await broker?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  async function start(more: Record<string, string> = {}): Promise<void> {
    const file = join(directory.path, 'server.properties');
    const all = Object.entries({ ...properties, ...more });
    await writeFile(file, all.map(([name, value]) => `${name}=${value}\n`).join(''));
    broker = samsa(['server-start', file]);
    await broker.waitForOutput((stdout) => stdout.includes('Ready in'));
  }

  /** Apache Kafka in the place of our broker. */
  const startKafka = (): Promise<ApacheKafka> =>
    ApacheKafka.start({ directory: a, port, controllerPort, properties: { 'log.dirs': `${a},${b},${c}` } });

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
    return Object.fromEntries(
      dirs.map(({ logDir, partitions }) => [logDir, partitions.map(({ partition }) => partition).sort()]),
    );
  }

  /** Begins to move partition 0 of a topic, as fast as it may. */
  async function reassign(topic: string, to: string, bytesPerSecond?: number): Promise<string> {
    const file = join(directory.path, 'moves.json');
    const partitions = [{ topic, partition: 0, replicas: [1], log_dirs: [to] }];
    await writeFile(file, JSON.stringify({ version: 1, partitions }));
    const limit = bytesPerSecond === undefined ? [] : ['--replica-alter-log-dirs-throttle', String(bytesPerSecond)];
    const output = await kafka('reassign-partitions', ['--reassignment-json-file', file, '--execute', ...limit]);
    expect(output).toContain(`Successfully started moving log directory to ${to}`);
    return output;
  }

  /** Also takes the limit of speed back. */
  async function reassigned(topic: string): Promise<void> {
    const file = join(directory.path, 'moves.json');
    const isMoved = async (): Promise<boolean> => {
      const verified = await kafka('reassign-partitions', ['--reassignment-json-file', file, '--verify']);
      return verified.includes(`Reassignment of replica ${topic}-0-1 completed successfully.`);
    };
    // Each look is a JVM that starts.
    await until('the replica is moved', isMoved, { timeoutMs: 90_000 });
  }

  const consume = async (topic: string, count: number): Promise<string[]> => {
    const args = ['--topic', topic, '--from-beginning', '--max-messages', String(count)];
    return (await kafka('console-consumer', args)).trimEnd().split('\n').sort();
  };

  const lines = Array.from({ length: 2000 }, (_, i) =>
    `line ${String(i).padStart(5, '0')} ${'padding '.repeat(40)}`.trim(),
  );

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
    expect(await reassign('moved', to)).toContain(`"log_dirs":["${from}"]`);
    await reassigned('moved');
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

  describe('takes turns with Apache Kafka', { timeout: 240_000 }, () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      `line ${String(i).padStart(5, '0')} ${'padding '.repeat(40)}`.trim(),
    );
    const LIMIT = 'replica.alter.log.dirs.io.max.bytes.per.second';
    let from: string;
    let to: string;

    const copyOf = async (): Promise<string[]> =>
      (await readdir(to)).filter((name) => name.startsWith('half-0.') && name.endsWith('-future'));

    it('which ends the move that Samsa began', async () => {
      await kafka('topics', ['--create', '--topic', 'half']);
      await kafka('console-producer', ['--topic', 'half'], `${many.join('\n')}\n`);
      const places = await placesOf('half');
      from = [a, b, c].find((dir) => places[dir]!.length > 0)!;
      to = from === a ? b : a;
      await broker.stop();
      await start({ [LIMIT]: '10000' });
      await reassign('half', to);
      const dirs = await until('a part is copied', async () => {
        const described = await describeDirs('half');
        return described.some(({ partitions }) => partitions.some(({ isFuture, size }) => isFuture && size > 0))
          ? described
          : undefined;
      });
      const future = dirs.find(({ logDir }) => logDir === to)?.partitions[0];
      expect(future).toMatchObject({ partition: 'half-0', isFuture: true });
      expect(future!.offsetLag).toBeGreaterThan(0);
      await broker.stop();
      expect(await copyOf()).toHaveLength(1);

      await using apache = await startKafka();
      await reassigned('half');
      expect(await placesOf('half')).toMatchObject({ [from]: [], [to]: ['half-0'] });
      expect(await consume('half', many.length)).toEqual(many);
      expect(await consume('moved', lines.length + 1)).toHaveLength(lines.length + 1);
      expect((await kafka('topics', ['--describe'])).match(/Leader: none/g)).toBeNull();
      expect(apache.log).not.toContain('stray');
    });

    it('whose move Samsa ends', async () => {
      [from, to] = [to, from];
      {
        await using apache = await startKafka();
        await reassign('half', to, 200_000);
        await until('a copy is begun', async () => (await copyOf()).length === 1);
        await apache.stop();
      }
      expect(await copyOf()).toHaveLength(1);
      await start();
      await reassigned('half');
      expect(await placesOf('half')).toMatchObject({ [from]: [], [to]: ['half-0'] });
      expect(await consume('half', many.length)).toEqual(many);
    });
  });
});
