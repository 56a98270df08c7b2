import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../extension/engine/common/clock.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { apiVersionsHandler } from '../../../../extension/engine/broker/handlers/api-versions.ts';
import { type AnyApiHandler, defineHandler } from '../../../../extension/engine/server/api-handler.ts';
import { RequestProcessor } from '../../../../extension/engine/server/request-processor.ts';
import { SocketServer, type SocketServerOptions } from '../../../../extension/engine/server/socket-server.ts';
import { saslAuthenticateRequest } from '../../../../extension/protocol/generated/sasl-authenticate-request.ts';
import { saslAuthenticateResponse } from '../../../../extension/protocol/generated/sasl-authenticate-response.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { until } from '../../../support/until.ts';

/** ApiVersions version 0, correlation id 7, no client id. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);

const servers: SocketServer[] = [];
const sockets: Socket[] = [];

async function serve(options: Partial<SocketServerOptions> = {}): Promise<{ server: SocketServer; port: number }> {
  const handlers: AnyApiHandler[] = [];
  handlers.push(
    apiVersionsHandler(
      () => handlers,
      [],
      () => ({ epoch: 0, levels: new Map() }),
    ),
  );
  const server = new SocketServer({
    listenerName: 'PLAINTEXT',
    host: '127.0.0.1',
    port: 0,
    processor: new RequestProcessor(handlers, silentLogger),
    clock: systemClock,
    logger: silentLogger,
    maxFrameBytes: 1000,
    maxIdleMs: 600_000,
    maxConnections: 100,
    ...options,
  });
  servers.push(server);
  return { server, port: await server.listen() };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket): Promise<number> {
  socket.write(API_VERSIONS);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.readInt32BE(4);
}

const closed = (socket: Socket): Promise<unknown> => (socket.destroyed ? Promise.resolve() : once(socket, 'close'));

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.reset();
});

describe('SocketServer', () => {
  it('serves whoever connected before it was open', async () => {
    const { server, port } = await serve();
    const answer = ask(await open(port));
    server.open();
    expect(await answer).toBe(7);
  });

  it('rejects when the port is taken', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('serves the next client when silent ones have taken all places', async () => {
    const { server, port } = await serve({ maxConnections: 3 });
    server.open();
    const silent = [await open(port), await open(port), await open(port)];
    const speaking = await open(port);
    expect(await ask(speaking)).toBe(7);
    await closed(silent[0]!);
    expect(server.connectionCount).toBe(3);
    expect(await ask(silent[2]!)).toBe(7);
  });

  it('falls silent while it is held: connections stay, nothing passes', async () => {
    const { server, port } = await serve();
    server.open();
    const old = await open(port);
    expect(await ask(old)).toBe(7);
    server.hold();
    const fresh = await open(port);
    await until('the new connection is known', () => server.connectionCount === 2);
    const answers: number[] = [];
    for (const socket of [old, fresh]) void ask(socket).then((answer) => answers.push(answer));
    // A server that is not held answers meanwhile.
    const other = await serve();
    other.server.open();
    expect(await ask(await open(other.port))).toBe(7);
    expect(answers).toEqual([]);
    server.release();
    await until('both are answered', () => answers.length === 2);
  });

  it('gives the byte arrays of an answer back when they are sent', async () => {
    const records = Buffer.alloc(300_000, 7);
    const handler = defineHandler(saslAuthenticateRequest, saslAuthenticateResponse, {
      handle: () => ({ errorCode: 0, errorMessage: null, authBytes: records }),
    });
    const sent: Buffer[] = [];
    const processor = new RequestProcessor([handler], silentLogger);
    const { server, port } = await serve({ processor, onSent: (bytes) => sent.push(bytes) });
    server.open();
    const socket = await open(port);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    // SaslAuthenticate version 0, correlation id 7, no client id, no bytes.
    socket.write(Buffer.from([0, 0, 0, 14, 0, 36, 0, 0, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0]));
    await until('the answer is here', () => received > records.length);
    await until('its bytes are back', () => sent.includes(records));
  });

  it('goes on after a client that sent garbage', async () => {
    const { server, port } = await serve();
    server.open();
    const bad = await open(port);
    bad.write(Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\n\r\n'));
    await closed(bad);
    expect(await ask(await open(port))).toBe(7);
  });

  it('says little of clients that send garbage again and again', async () => {
    const lines: string[] = [];
    const clock = new FakeClock();
    const logger = { ...silentLogger, warn: (line: string) => lines.push(line) };
    const { server, port } = await serve({ clock, logger, maxConnections: 2 });
    server.open();
    for (let i = 0; i < 25; i++) {
      const bad = await open(port);
      bad.write(Buffer.from('GET / HTTP/1.1\r\n'));
      await closed(bad);
    }
    expect(lines).toHaveLength(5);
    for (let i = 0; i < 25; i++) await open(port);
    await until('the flood of connections is over', () => lines.length === 10);
    await clock.advance(10_000);
    expect(lines.slice(10).map((line) => line.replace(/ in the last.*: /, ': '))).toEqual([
      expect.stringMatching(/^20 more like it: a frame of 1195725856 bytes/),
      expect.stringMatching(/^18 more like it: listener PLAINTEXT has all of its 2 connections/),
    ]);
  });

  it('closes a connection that idles', async () => {
    const { server, port } = await serve({ maxIdleMs: 5 });
    server.open();
    await closed(await open(port));
  });

  it('resets connections like a process that died', async () => {
    const { server, port } = await serve();
    server.open();
    const socket = await open(port);
    expect(await ask(socket)).toBe(7);
    const error = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>;
    server.reset();
    expect((await error)[0].code).toBe('ECONNRESET');
  });
});
