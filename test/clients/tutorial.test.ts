import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, type Finished } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { samsa } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

/** The commands of a Kafka tutorial as they are typed, but for the port. */
describe.skipIf(process.platform === 'win32')('a tutorial, word for word', () => {
  let directory: TemporaryDirectory;
  let server: Child;
  let port: number;

  beforeAll(async () => {
    directory = await temporaryDirectory('tutorial');
    port = await freePort(2);
    await mkdir(`${directory.path}/config`);
    await writeFile(
      `${directory.path}/config/server.properties`,
      [
        'process.roles=broker,controller',
        'node.id=1',
        `listeners=PLAINTEXT://localhost:${port},CONTROLLER://localhost:${port + 1}`,
        'controller.listener.names=CONTROLLER',
        `log.dirs=${directory.path}/logs`,
        '',
      ].join('\n'),
    );
    expect((await samsa(['launchers', `${directory.path}/bin`]).wait()).code).toBe(0);
  });

  afterAll(async () => {
    await server?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  /** In the folder that has bin/ and config/. */
  function start(line: string): Child {
    return new Child('/bin/sh', ['-c', `exec ${line.replaceAll('9092', String(port))}`], { cwd: directory.path });
  }

  async function type(line: string, stdin = ''): Promise<Finished> {
    const child = start(line);
    child.endInput(stdin);
    return child.wait();
  }

  it('starts ZooKeeper, which is not needed', async () => {
    const { code, stdout } = await type('./bin/zookeeper-server-start.sh config/zookeeper.properties');
    expect([code, stdout.trimEnd().split('\n')]).toEqual([0, [expect.stringContaining('quorum of their own')]]);
  });

  it('starts the broker, once', async () => {
    server = start('./bin/kafka-server-start.sh config/server.properties');
    await server.waitForOutput((stdout) => stdout.includes('Ready'));
    const again = await type('./bin/kafka-server-start.sh config/server.properties');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('runs already')]);
  });

  it('makes a topic, writes to it and reads it', async () => {
    const made = await type(
      './bin/kafka-topics.sh --create --topic lecture-test-topic --bootstrap-server localhost:9092 --partitions 3 --replication-factor 1',
    );
    expect([made.code, made.stdout]).toEqual([0, 'Created topic lecture-test-topic.\n']);
    const producer = './bin/kafka-console-producer.sh --topic lecture-test-topic --bootstrap-server localhost:9092';
    expect((await type(producer, 'first\nsecond\n')).code).toBe(0);
    const consumer = start(
      './bin/kafka-console-consumer.sh --topic lecture-test-topic --from-beginning --bootstrap-server localhost:9092',
    );
    await consumer.waitForOutput((stdout) => stdout.includes('first') && stdout.includes('second'));
    consumer.signal('SIGINT');
    const { code, stderr } = await consumer.wait();
    // 130: ended by Ctrl+C, as Kafka's own consumer says.
    expect([code, stderr]).toEqual([130, expect.stringContaining('Processed a total of 2 messages')]);
  });

  it('says which file is missing', async () => {
    const { code, stderr } = await type('./bin/kafka-server-start.sh config/other.properties');
    expect([code, stderr]).toEqual([1, expect.stringContaining('config/other.properties does not exist here')]);
  });
});
