import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../extension/net/connection.ts';
import { ErrorCode } from '../../extension/protocol/errors.ts';
import { createTopicsRequest } from '../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../extension/protocol/generated/create-topics-response.ts';
import { metadataRequest } from '../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../extension/protocol/generated/metadata-response.ts';
import { produceRequest } from '../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../extension/protocol/generated/produce-response.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { until } from '../support/until.ts';
import { batch } from './compare/both-brokers.ts';

let cluster: SamsaCluster;
let good: Connection;
const sockets: Socket[] = [];

async function open(): Promise<Socket> {
  const socket = connect(cluster.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes that cannot be a request, and waits for the broker to hang up. */
async function hangsUpOn(bytes: Buffer): Promise<void> {
  const socket = await open();
  const closed = once(socket, 'close');
  socket.resume();
  socket.write(bytes);
  await closed;
}

function frame(...parts: (number[] | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** The next client is served as if nothing had happened, on a connection of its own and on one that was there before. */
async function servesOn(): Promise<void> {
  const next = await Connection.open({ host: '127.0.0.1', port: cluster.port });
  try {
    for (const connection of [next, good]) {
      const { brokers } = await connection.send(metadataRequest, metadataResponse, { topics: [] });
      expect(brokers).toHaveLength(1);
    }
  } finally {
    next.close();
  }
}

async function logSays(pattern: RegExp): Promise<void> {
  await until(
    `the log says ${pattern}`,
    () => pattern.test(cluster.log) || cluster.events.some((event) => pattern.test(JSON.stringify(event))),
  );
}

async function produceCode(records: Buffer): Promise<number | undefined> {
  const answer = await good.send(
    produceRequest,
    produceResponse,
    {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: 'bad-input', partitionData: [{ index: 0, records }] }],
    },
    { version: 9 },
  );
  return answer.responses[0]?.partitionResponses[0]?.errorCode;
}

beforeAll(async () => {
  cluster = await SamsaCluster.start();
  good = await Connection.open({ host: '127.0.0.1', port: cluster.port });
  await good.send(createTopicsRequest, createTopicsResponse, {
    topics: [{ name: 'bad-input', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 5000,
  });
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

afterAll(async () => {
  good?.close();
  await cluster?.stop();
});

describe('a broker that is sent', () => {
  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'), /a frame of \d+ bytes was announced/],
    ['an oversized frame', Buffer.from([0x7f, 0xff, 0xff, 0xff]), /a frame of 2147483647 bytes was announced/],
    ['a negative frame', Buffer.from([0xff, 0xff, 0xff, 0x00]), /a frame of -256 bytes was announced/],
    ['a frame without a header', frame([1, 2, 3]), /too short for a request header/],
    ['an unknown API', frame([0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff]), /API key 999 is not served/],
    [
      'a version that is not served',
      frame([0, 3, 0, 99, 0, 0, 0, 1, 0xff, 0xff]),
      /version 99 of MetadataRequest is not served/,
    ],
    [
      'a body of garbage',
      frame([0, 3, 0, 9, 0, 0, 0, 1, 0xff, 0xff, 0], 'garbage garbage garbage'),
      /MetadataRequest v9 cannot be read/,
    ],
    [
      'an array longer than its frame',
      frame([0, 3, 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
      /MetadataRequest v4 cannot be read/,
    ],
  ])('%s hangs up, says so and serves on', async (_, bytes, words) => {
    await hangsUpOn(bytes);
    await logSays(words);
    await servesOn();
  });

  it('half a frame and then silence serves on', async () => {
    const socket = await open();
    socket.write(Buffer.from([0, 0, 1, 0, 0, 3]));
    await servesOn();
    expect(socket.destroyed).toBe(false);
  });

  it('a corrupt CRC, a wrong magic and an empty batch answers with Kafka’s codes', async () => {
    const corrupt = batch(['x']);
    corrupt[18]! ^= 0xff;
    expect(await produceCode(corrupt)).toBe(ErrorCode.CORRUPT_MESSAGE);
    const oldMagic = batch(['x']);
    oldMagic[16] = 1;
    expect(await produceCode(oldMagic)).toBe(ErrorCode.INVALID_RECORD);
    expect(await produceCode(batch(['x']))).toBe(ErrorCode.NONE);
  });

  it.each(['', '.', 'a/b', 'x'.repeat(250)])('the topic name %j refuses it', async (name) => {
    const { topics } = await good.send(createTopicsRequest, createTopicsResponse, {
      topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 5000,
    });
    expect(topics[0]?.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    await servesOn();
  });
});

describe.skipIf(process.platform === 'win32')('a broker with few file descriptors', () => {
  it('serves the next client while silent ones hold all that there are', { timeout: 60_000 }, async () => {
    const openFiles = 300;
    const small = await SamsaCluster.start({ openFiles });
    let holder: ChildProcess | undefined;
    try {
      // Another process, so that its descriptors are not ours.
      const script = `const net = require('node:net');
        const open = (left) => {
          if (left === 0) return console.log('held');
          const socket = net.connect(${small.port}, '127.0.0.1', () => open(left - 1));
          socket.on('error', () => {});
        };
        open(${openFiles * 2});`;
      holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(holder.stdout!, 'data');
      const next = await Connection.open({ host: '127.0.0.1', port: small.port });
      const made = await next.send(createTopicsRequest, createTopicsResponse, {
        topics: [{ name: 'still-here', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 5000,
      });
      expect(made.topics[0]?.errorCode).toBe(ErrorCode.NONE);
      next.close();
    } finally {
      holder?.kill('SIGKILL');
      await small.stop();
    }
  });
});
