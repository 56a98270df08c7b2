import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../extension/net/connection.ts';
import { ErrorCode } from '../../extension/protocol/errors.ts';
import { createTopicsRequest } from '../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../extension/protocol/generated/create-topics-response.ts';
import { fetchRequest } from '../../extension/protocol/generated/fetch-request.ts';
import { fetchResponse } from '../../extension/protocol/generated/fetch-response.ts';
import { listOffsetsRequest } from '../../extension/protocol/generated/list-offsets-request.ts';
import { listOffsetsResponse } from '../../extension/protocol/generated/list-offsets-response.ts';
import { produceRequest } from '../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../extension/protocol/generated/produce-response.ts';
import { RecordBatchBuilder } from '../../extension/records/record-batch-builder.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { batch } from './compare/both-brokers.ts';

describe('a broker that ends', () => {
  let directory: TemporaryDirectory;
  let cluster: SamsaCluster | undefined;

  beforeEach(async () => {
    directory = await temporaryDirectory('durability');
  });
  afterEach(async () => {
    await cluster?.stop();
    cluster = undefined;
    await directory[Symbol.asyncDispose]();
  });

  async function start(): Promise<Connection> {
    cluster = await SamsaCluster.start({ dataDir: directory.path });
    return Connection.open({ host: '127.0.0.1', port: cluster.port });
  }

  async function create(connection: Connection, name: string): Promise<void> {
    const { topics } = await connection.send(createTopicsRequest, createTopicsResponse, {
      topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 5000,
    });
    expect(topics[0]?.errorCode).toBe(ErrorCode.NONE);
  }

  async function produce(connection: Connection, records: Buffer): Promise<{ code: number; offset: number }> {
    const partitionData = [{ index: 0, records }];
    const body = { transactionalId: null, acks: 1, timeoutMs: 5000, topicData: [{ name: 'kept', partitionData }] };
    const { responses } = await connection.send(produceRequest, produceResponse, body, { version: 9 });
    const answer = responses[0]!.partitionResponses[0]!;
    return { code: answer.errorCode, offset: answer.baseOffset };
  }

  async function end(connection: Connection): Promise<number> {
    const body = { replicaId: -1, topics: [{ name: 'kept', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] };
    const { topics } = await connection.send(listOffsetsRequest, listOffsetsResponse, body);
    return topics[0]!.partitions[0]!.offset;
  }

  async function readAll(connection: Connection): Promise<Buffer> {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000_000 }];
    const body = { maxWaitMs: 100, minBytes: 1, topics: [{ topic: 'kept', partitions }] };
    const { responses } = await connection.send(fetchRequest, fetchResponse, body, { version: 12 });
    return responses[0]!.partitions[0]!.records!;
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'by %s has everything that it acknowledged when it is back',
    async (signal) => {
      let connection = await start();
      await create(connection, 'kept');
      for (let i = 0; i < 50; i++)
        expect(await produce(connection, batch([`a${i}`, `b${i}`]))).toEqual({ code: 0, offset: 2 * i });
      const before = Buffer.from(await readAll(connection));
      connection.close();
      if (signal === 'SIGKILL') await cluster!.kill();
      else expect((await cluster!.stop()).code).toBe(0);
      connection = await start();
      expect(await end(connection)).toBe(100);
      expect(await readAll(connection)).toEqual(before);
      expect(await produce(connection, batch(['c']))).toEqual({ code: 0, offset: 100 });
      connection.close();
    },
  );

  it.each(['SIGKILL', 'SIGTERM'] as const)('by %s still knows its idempotent producers', async (signal) => {
    let connection = await start();
    await create(connection, 'kept');
    const sent = (sequence: number): Buffer =>
      batch(['x'], { producerId: 3, producerEpoch: 0, baseSequence: sequence, timestamp: Date.now() });
    for (let i = 0; i < 7; i++) expect(await produce(connection, sent(i))).toEqual({ code: 0, offset: i });
    connection.close();
    if (signal === 'SIGKILL') await cluster!.kill();
    else await cluster!.stop();
    connection = await start();
    // Sent again, as a producer does that has not seen the answer: the record is there once.
    expect(await produce(connection, sent(6))).toEqual({ code: 0, offset: 6 });
    expect(await produce(connection, sent(9))).toMatchObject({ code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(await produce(connection, sent(7))).toEqual({ code: 0, offset: 7 });
    connection.close();
  });

  it('by the control channel’s kill serves again after a start', async () => {
    let connection = await start();
    await create(connection, 'kept');
    await produce(connection, batch(['x']));
    await cluster!.control('kill', { broker: 1 });
    await cluster!.control('start', { broker: 1 });
    connection = await Connection.open({ host: '127.0.0.1', port: cluster!.port });
    expect(await end(connection)).toBe(1);
    expect(await cluster!.control('stop', { broker: 1 })).toMatchObject({ state: 'stopped' });
    await cluster!.control('start', { broker: 1 });
    connection = await Connection.open({ host: '127.0.0.1', port: cluster!.port });
    expect(await end(connection)).toBe(1);
    connection.close();
  });

  it('is killed with much that was not flushed: threads check it, and the torn end is cut', async () => {
    const connection = await start();
    await create(connection, 'kept');
    await create(connection, 'large');
    connection.close();
    await cluster!.child.kill();
    const builder = new RecordBatchBuilder();
    for (let i = 0; i < 16; i++) builder.append({ value: Buffer.alloc(64 * 1024, i), timestamp: Date.now() });
    const written = builder.build();
    for (const [topic, torn] of [
      ['kept', 100],
      ['large', 0],
    ] as const) {
      const file = await open(join(directory.path, 'broker-1', `${topic}-0`, '00000000000000000000.log'), 'w');
      for (let i = 0; i < 80; i++) {
        written.writeBigInt64BE(BigInt(i * 16));
        await file.write(written);
      }
      await file.write(written, 0, torn);
      await file.close();
    }

    const again = await start();
    expect(cluster!.log).toContain('Recovering 2 logs, 160 MiB');
    expect(cluster!.log).toMatch(/Cut 100 bytes off .*kept-0/);
    expect(await end(again)).toBe(80 * 16);
    expect(await produce(again, batch(['next']))).toEqual({ code: ErrorCode.NONE, offset: 80 * 16 });
    again.close();
  });
});

it('a log that cannot be compacted is told of, and its partition serves on', async () => {
  await using cluster = await SamsaCluster.start({
    args: ['--brokers', '1', '--config', 'log.cleaner.backoff.ms=100'],
  });
  const connection = await Connection.open({ host: '127.0.0.1', port: cluster.port });
  const compacted = {
    'cleanup.policy': 'compact',
    'internal.segment.bytes': '200',
    'min.cleanable.dirty.ratio': '0.9',
  };
  const configs = Object.entries(compacted).map(([name, value]) => ({ name, value }));
  await connection.send(createTopicsRequest, createTopicsResponse, {
    topics: [{ name: 'latest', numPartitions: 1, replicationFactor: 1, assignments: [], configs }],
    timeoutMs: 5000,
  });
  const produce = async (): Promise<number> => {
    const records = batch(['some value'], { key: 'the only key' });
    const topicData = [{ name: 'latest', partitionData: [{ index: 0, records }] }];
    const body = { transactionalId: null, acks: -1, timeoutMs: 5000, topicData };
    const { responses } = await connection.send(produceRequest, produceResponse, body, { version: 9 });
    return responses[0]!.partitionResponses[0]!.errorCode;
  };
  expect(await produce()).toBe(ErrorCode.NONE);
  const segment = join(cluster.dataDir, 'broker-1', 'latest-0', '00000000000000000000.log');
  const file = await open(segment, 'r+');
  await file.write(Buffer.from([0x7f]), 0, 1, 8);
  await file.close();
  for (let i = 0; i < 8; i++) expect(await produce()).toBe(ErrorCode.NONE);

  const event = await cluster.waitForEvent('the log is left alone', ({ event: kind }) => kind === 'uncleanable');
  expect(event).toMatchObject({
    broker: 1,
    topic: 'latest',
    partition: 0,
    reason: expect.stringContaining('latest-0'),
  });
  expect(await produce()).toBe(ErrorCode.NONE);
  connection.close();
});
