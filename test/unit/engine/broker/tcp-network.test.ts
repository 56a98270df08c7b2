import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpNetwork } from '../../../../extension/engine/broker/tcp-network.ts';
import { systemClock } from '../../../../extension/engine/common/clock.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { NodeChannel } from '../../../../extension/engine/common/network.ts';
import { type AnyApiHandler, defineHandler } from '../../../../extension/engine/server/api-handler.ts';
import { apiVersionsHandler } from '../../../../extension/engine/broker/handlers/api-versions.ts';
import { RequestProcessor } from '../../../../extension/engine/server/request-processor.ts';
import { SocketServer } from '../../../../extension/engine/server/socket-server.ts';
import { fetchRequest } from '../../../../extension/protocol/generated/fetch-request.ts';
import { fetchResponse } from '../../../../extension/protocol/generated/fetch-response.ts';

const TOPIC_ID = 'EbXCsc7G191KBZxNLpy6Qw';
const servers: { close(): void }[] = [];
const channels: NodeChannel[] = [];

afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
  for (const server of servers.splice(0)) server.close();
});

/** Answers each fetch with as many bytes as it allows, all of one value. */
async function serve(): Promise<number> {
  const handlers: AnyApiHandler[] = [
    defineHandler(fetchRequest, fetchResponse, {
      handle: ({ maxBytes, minBytes }) => ({
        ...{ throttleTimeMs: 0, errorCode: 0, sessionId: 0 },
        responses: [
          {
            topicId: TOPIC_ID,
            partitions: [
              {
                ...{ partitionIndex: 0, errorCode: 0, highWatermark: 1, abortedTransactions: [] },
                records: Buffer.alloc(maxBytes, minBytes),
              },
            ],
          },
        ],
      }),
    }),
  ];
  handlers.push(
    apiVersionsHandler(
      () => handlers,
      [],
      () => ({ epoch: 0, levels: new Map() }),
    ),
  );
  const server = new SocketServer({
    ...{ host: '127.0.0.1', port: 0, listenerName: 'PLAINTEXT', logger: silentLogger, clock: systemClock },
    processor: new RequestProcessor(handlers, silentLogger),
    ...{ maxFrameBytes: 1_000_000, maxIdleMs: 60_000, maxConnections: 10 },
  });
  servers.push(server);
  const port = await server.listen();
  server.open();
  return port;
}

function open(port: number): NodeChannel {
  const channel = new TcpNetwork().open({ nodeId: 1, host: '127.0.0.1', port }, 'test');
  channels.push(channel);
  return channel;
}

async function fetch(channel: NodeChannel, maxBytes: number, value: number): Promise<Buffer> {
  const body = { maxWaitMs: 0, minBytes: value, maxBytes, topics: [] };
  const answer = await channel.send(fetchRequest, fetchResponse, body, { timeoutMs: 10_000 });
  return answer.responses[0]!.partitions[0]!.records!;
}

describe('TcpNetwork', () => {
  it('gives each answer bytes of its own, whatever its size and whatever else arrives', async () => {
    const port = await serve();
    const lines = [open(port), open(port)];
    const sizes = [10, 300_000, 5000, 1, 900_000, 70_000];
    const answers = await Promise.all(
      sizes.flatMap((size, index) => lines.map((line, which) => fetch(line, size, index * 2 + which))),
    );
    for (const [index, bytes] of answers.entries()) {
      expect(bytes.equals(Buffer.alloc(sizes[index >> 1]!, index))).toBe(true);
    }
  });

  it('tells of a line that the other side ends, and opens another one', async () => {
    const port = await serve();
    const sockets: Socket[] = [];
    const proxy: Server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', () => socket.end());
    });
    servers.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const ended = open(typeof address === 'object' && address !== null ? address.port : 0);
    await expect(fetch(ended, 10, 1)).rejects.toMatchObject({ name: 'NodeUnreachableError', kind: 'broken' });
    await expect(fetch(ended, 10, 1)).rejects.toMatchObject({ kind: 'broken' });
    expect(sockets.length).toBe(2);
    expect(await fetch(open(port), 3, 7)).toEqual(Buffer.alloc(3, 7));
  });

  it('says when nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    await expect(fetch(open(port), 1, 1)).rejects.toMatchObject({ kind: 'refused' });
    expect(await new TcpNetwork().probe({ nodeId: 1, host: '127.0.0.1', port }, 1000)).toBe('refused');
  });
});
