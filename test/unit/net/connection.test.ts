import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Connection, type ConnectionOptions } from '../../../extension/net/connection.ts';
import { NetworkError } from '../../../extension/net/network-error.ts';
import { ApiKey } from '../../../extension/protocol/generated/apis.ts';
import { describeGroupsRequest } from '../../../extension/protocol/generated/describe-groups-request.ts';
import { describeGroupsResponse } from '../../../extension/protocol/generated/describe-groups-response.ts';
import { findCoordinatorRequest } from '../../../extension/protocol/generated/find-coordinator-request.ts';
import { findCoordinatorResponse } from '../../../extension/protocol/generated/find-coordinator-response.ts';
import { listGroupsRequest } from '../../../extension/protocol/generated/list-groups-request.ts';
import { listGroupsResponse } from '../../../extension/protocol/generated/list-groups-response.ts';
import { produceRequest } from '../../../extension/protocol/generated/produce-request.ts';
import { deferred } from '../../support/deferred.ts';
import { CLOSE, encodeResponse, FakeBroker, SILENCE, type FakeBrokerOptions } from '../../support/fake-broker.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function fakeBroker(options?: FakeBrokerOptions): Promise<FakeBroker> {
  const broker = await FakeBroker.start(options);
  cleanUps.push(() => broker.stop());
  return broker;
}

async function open(broker: { readonly port: number }, options: Partial<ConnectionOptions> = {}): Promise<Connection> {
  const connection = await Connection.open({ host: '127.0.0.1', port: broker.port, ...options });
  cleanUps.push(() => connection.close());
  return connection;
}

/** A server that treats sockets as it likes. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<{ readonly port: number }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => server.close());
  return { port: (server.address() as AddressInfo).port };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  return error instanceof NetworkError ? error.code : String(error);
}

const groups = (connection: Connection, timeoutMs?: number) =>
  connection.send(listGroupsRequest, listGroupsResponse, {}, timeoutMs === undefined ? {} : { timeoutMs });

const listed = (name: string): object => ({ errorCode: 0, groups: [{ groupId: name, protocolType: 'consumer' }] });

describe('opening', () => {
  test('negotiates versions and tells who we are', async () => {
    const broker = await fakeBroker({ versions: { ListGroups: [0, 2] } });
    broker.on('ListGroups', () => listed('g'));
    const connection = await open(broker, { clientId: 'me', softwareVersion: '1.2.3' });
    expect(broker.seen[0]).toMatchObject({
      api: 'ApiVersions',
      version: 4,
      body: { clientSoftwareName: 'samsa', clientSoftwareVersion: '1.2.3' },
    });
    expect(connection.versionOf(listGroupsRequest)).toBe(2);
    expect((await groups(connection)).groups[0]?.groupId).toBe('g');
  });

  test('asks again with what an older broker says it knows of ApiVersions', async () => {
    const broker = await fakeBroker({ versions: { ApiVersions: [0, 1] } });
    broker.on('ApiVersions', (_, { version }) => {
      const apiKeys = [{ apiKey: ApiKey.ApiVersions, minVersion: 0, maxVersion: 1 }];
      if (version <= 1)
        return { errorCode: 0, apiKeys: [...apiKeys, { apiKey: ApiKey.ListGroups, minVersion: 0, maxVersion: 0 }] };
      return encodeResponse(ApiKey.ApiVersions, 0, 1, { errorCode: 35, apiKeys });
    });
    const connection = await open(broker);
    expect(broker.requests('ApiVersions').map(({ version }) => version)).toEqual([4, 1]);
    expect(connection.versions.get(ApiKey.ListGroups)).toEqual({ min: 0, max: 0 });
  });

  test('falls back to version 0 where the range is not told', async () => {
    const broker = await fakeBroker();
    broker.on('ApiVersions', (_, { version }) =>
      version === 0
        ? { errorCode: 0, apiKeys: [] }
        : encodeResponse(ApiKey.ApiVersions, 0, 1, { errorCode: 35, apiKeys: [] }),
    );
    await open(broker);
    expect(broker.requests('ApiVersions').map(({ version }) => version)).toEqual([4, 0]);
  });

  test('says that nothing listens', async () => {
    const server = await fakeBroker();
    const { port } = server;
    await server.stop();
    cleanUps.length = 0;
    const failure = Connection.open({ host: 'localhost', port });
    await expect(failure).rejects.toThrow(`nothing listens on localhost:${port}`);
    expect(await codeOf(Connection.open({ host: '127.0.0.1', port }))).toBe('CONNECTION_REFUSED');
  });

  test('reaches localhost on either loopback address', async () => {
    const broker = await fakeBroker();
    const connection = await open(broker, { host: 'localhost' });
    expect(connection.isOpen).toBe(true);
  });

  test('gives up on a server that says nothing', async () => {
    const server = await rawServer(() => undefined);
    expect(await codeOf(open(server, { connectTimeoutMs: 50 }))).toBe('TIMED_OUT');
  });

  test.each([
    ['TLS', Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]), /wants TLS/],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /speaks HTTP/],
  ])('recognizes a server that speaks %s', async (_, bytes, text) => {
    const server = await rawServer((socket) => socket.once('data', () => socket.write(bytes)));
    const failure = open(server);
    await expect(failure).rejects.toThrow(text);
    await expect(failure).rejects.toMatchObject({ code: 'BAD_RESPONSE' });
  });

  test('hints at TLS and logins when the server just closes', async () => {
    const server = await rawServer((socket) => socket.once('data', () => socket.destroy()));
    await expect(open(server)).rejects.toThrow(/TLS or a login/);
  });

  test('reports what fails during a TLS handshake', async () => {
    const server = await rawServer((socket) => socket.once('data', () => socket.destroy()));
    expect(await codeOf(open(server, { tls: {} }))).toBe('TLS_FAILED');
  });
});

describe('sending', () => {
  test('pipelines: requests leave at once, answers go to their requests', async () => {
    const broker = await fakeBroker();
    const gate = deferred<void>();
    let count = 0;
    broker.on('ListGroups', async () => {
      const name = `g${count++}`;
      if (name === 'g0') await gate.promise;
      return listed(name);
    });
    const connection = await open(broker);
    const answers = [groups(connection), groups(connection), groups(connection)];
    await expect.poll(() => broker.requests('ListGroups').length).toBe(3);
    expect(connection.pendingRequests).toBe(3);
    gate.resolve();
    const names = (await Promise.all(answers)).map(({ groups: [first] }) => first?.groupId);
    expect(names).toEqual(['g0', 'g1', 'g2']);
  });

  test('keeps to its limit of requests on the wire and refuses an endless queue', async () => {
    const broker = await fakeBroker();
    const gate = deferred<void>();
    broker.on('ListGroups', async () => {
      await gate.promise;
      return listed('g');
    });
    const connection = await open(broker, { maxInFlight: 2, maxQueued: 2 });
    const sent = [groups(connection), groups(connection), groups(connection), groups(connection)];
    expect(await codeOf(groups(connection))).toBe('OVERLOADED');
    await expect.poll(() => broker.requests('ListGroups').length).toBe(2);
    gate.resolve();
    await Promise.all(sent);
    expect(broker.requests('ListGroups')).toHaveLength(4);
  });

  test('makes the body for the version that both sides know', async () => {
    const broker = await fakeBroker({ versions: { FindCoordinator: [0, 3] } });
    broker.on('FindCoordinator', () => ({ errorCode: 0, nodeId: 7, host: 'h', port: 1 }));
    const connection = await open(broker);
    const versions: number[] = [];
    const response = await connection.send(findCoordinatorRequest, findCoordinatorResponse, (version) => {
      versions.push(version);
      return { key: 'g' };
    });
    expect(response.nodeId).toBe(7);
    expect(versions).toEqual([3]);
    await connection.send(findCoordinatorRequest, findCoordinatorResponse, { key: 'g' }, { maxVersion: 1 });
    await connection.send(findCoordinatorRequest, findCoordinatorResponse, { key: 'g' }, { version: 0 });
    expect(broker.requests('FindCoordinator').map(({ version }) => version)).toEqual([3, 1, 0]);
  });

  test('refuses what the broker does not serve', async () => {
    const broker = await fakeBroker({ versions: { DescribeGroups: [90, 91] } });
    broker.on('DescribeGroups', () => ({ groups: [] }));
    const connection = await open(broker);
    expect(await codeOf(groups(connection))).toBe('UNSUPPORTED_VERSION');
    const describe = connection.send(describeGroupsRequest, describeGroupsResponse, { groups: [] });
    await expect(describe).rejects.toThrow(/serves DescribeGroups in versions 90 to 91/);
    expect(connection.isOpen).toBe(true);
  });

  test('leaves the connection usable when a body does not fit the version', async () => {
    const broker = await fakeBroker({ versions: { ListGroups: [0, 0] } });
    broker.on('ListGroups', () => listed('g'));
    const connection = await open(broker);
    await expect(connection.send(listGroupsRequest, listGroupsResponse, { statesFilter: ['Stable'] })).rejects.toThrow(
      /statesFilter/,
    );
    expect((await groups(connection)).groups).toHaveLength(1);
  });

  test('costs the connection when an answer does not come in time', async () => {
    const broker = await fakeBroker();
    broker.on('ListGroups', () => SILENCE);
    const connection = await open(broker);
    const first = groups(connection, 30);
    const second = groups(connection, 10_000);
    expect(await codeOf(first)).toBe('TIMED_OUT');
    expect(await codeOf(second)).toBe('TIMED_OUT');
    expect(connection.isOpen).toBe(false);
    expect(await codeOf(groups(connection))).toBe('TIMED_OUT');
  });

  test('rejects everything that is pending when the broker goes', async () => {
    const broker = await fakeBroker();
    broker.on('ListGroups', () => CLOSE);
    const connection = await open(broker);
    const closed: string[] = [];
    connection.onClose((error) => closed.push(error.code));
    const codes = await Promise.all([codeOf(groups(connection)), codeOf(groups(connection))]);
    expect(codes).toEqual(['CONNECTION_CLOSED', 'CONNECTION_CLOSED']);
    expect(closed).toEqual(['CONNECTION_CLOSED']);
  });

  test('rejects what is pending when it is closed by us', async () => {
    const broker = await fakeBroker();
    broker.on('ListGroups', () => SILENCE);
    const connection = await open(broker);
    const pending = groups(connection);
    connection.close();
    expect(await codeOf(pending)).toBe('CONNECTION_CLOSED');
  });

  test.each([
    ['another correlation id', (): Buffer => encodeResponse(ApiKey.ListGroups, 5, 999, listed('g'))],
    [
      'bytes that are no such response',
      (): Buffer => {
        const frame = Buffer.alloc(4 + 4 + 1 + 3, 0xff);
        frame.writeInt32BE(8, 0);
        frame.writeInt32BE(2, 4);
        frame[8] = 0;
        return frame;
      },
    ],
  ])('closes on %s', async (_, bytes) => {
    const broker = await fakeBroker();
    broker.on('ListGroups', () => bytes());
    const connection = await open(broker);
    expect(await codeOf(groups(connection))).toBe('BAD_RESPONSE');
    expect(connection.isOpen).toBe(false);
  });

  test('sends without waiting where no response comes', async () => {
    const broker = await fakeBroker();
    broker.on('Produce', () => SILENCE).on('ListGroups', () => listed('g'));
    const connection = await open(broker);
    await connection.sendOneWay(produceRequest, { transactionalId: null, acks: 0, timeoutMs: 1, topicData: [] });
    await expect.poll(() => broker.requests('Produce').length).toBe(1);
    expect(connection.pendingRequests).toBe(0);
  });
});

describe('logging in', () => {
  async function saslBroker(
    answers: readonly object[],
    handshake: object = { errorCode: 0, mechanisms: ['PLAIN'] },
  ): Promise<FakeBroker> {
    const broker = await fakeBroker();
    const script = [...answers];
    broker.on('SaslHandshake', () => handshake);
    broker.on('SaslAuthenticate', () => script.shift() ?? CLOSE);
    return broker;
  }

  const done = { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 };

  test('sends PLAIN credentials', async () => {
    const broker = await saslBroker([{ ...done, sessionLifetimeMs: 100_000 }]);
    const connection = await open(broker, { sasl: { mechanism: 'PLAIN', username: 'me', password: 'pw' } });
    expect(broker.requests('SaslHandshake')[0]?.body.mechanism).toBe('PLAIN');
    expect(String(broker.requests('SaslAuthenticate')[0]?.body.authBytes)).toBe('\0me\0pw');
    expect(connection.expiresAtMs).toBeLessThan(Date.now() + 100_000);
  });

  test('says which mechanisms there are', async () => {
    const broker = await saslBroker([], { errorCode: 33, mechanisms: ['SCRAM-SHA-256'] });
    const failure = open(broker, { sasl: { mechanism: 'PLAIN', username: 'me', password: 'pw' } });
    await expect(failure).rejects.toThrow(/does not take PLAIN; it offers SCRAM-SHA-256/);
  });

  test('passes on a refusal', async () => {
    const broker = await saslBroker([{ ...done, errorCode: 58, errorMessage: 'Wrong password' }]);
    const failure = open(broker, { sasl: { mechanism: 'PLAIN', username: 'me', password: 'pw' } });
    await expect(failure).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringMatching(/Wrong password/),
    });
  });

  test('answers the challenge of a refused token, so that the reason comes', async () => {
    const broker = await saslBroker([
      { ...done, authBytes: Buffer.from('{"status":"invalid_token"}') },
      { ...done, errorCode: 58, errorMessage: 'token expired' },
    ]);
    const token = () => Promise.resolve({ value: 'abc', extensions: { tenant: 'x' } });
    await expect(open(broker, { sasl: { mechanism: 'OAUTHBEARER', token } })).rejects.toThrow(/token expired/);
    const sent = broker.requests('SaslAuthenticate').map(({ body }) => String(body.authBytes));
    expect(sent).toEqual(['n,,\x01auth=Bearer abc\x01tenant=x\x01\x01', '\x01']);
  });

  test('refuses a SCRAM server that proves nothing', async () => {
    const broker = await fakeBroker();
    broker.on('SaslHandshake', () => ({ errorCode: 0, mechanisms: ['SCRAM-SHA-512'] }));
    let round = 0;
    broker.on('SaslAuthenticate', (request: { authBytes: Buffer }) => {
      const nonce = /r=([^,]+)/.exec(String(request.authBytes))?.[1];
      const text = round++ === 0 ? `r=${nonce}server,s=c2FsdA==,i=4096` : 'v=AAAA';
      return { ...done, authBytes: Buffer.from(text) };
    });
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'me', password: 'pw' } as const;
    await expect(open(broker, { sasl })).rejects.toThrow(/impostor/);
  });
});
