import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { apiVersionsHandler } from '../../../../extension/engine/broker/handlers/api-versions.ts';
import { type AnyApiHandler, defineHandler } from '../../../../extension/engine/server/api-handler.ts';
import { Connection } from '../../../../extension/engine/server/connection.ts';
import { RequestProcessor } from '../../../../extension/engine/server/request-processor.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { apiVersionsResponse } from '../../../../extension/protocol/generated/api-versions-response.ts';
import { describeClusterRequest } from '../../../../extension/protocol/generated/describe-cluster-request.ts';
import { describeClusterResponse } from '../../../../extension/protocol/generated/describe-cluster-response.ts';
import { produceRequest } from '../../../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../../../extension/protocol/generated/produce-response.ts';
import { saslAuthenticateRequest } from '../../../../extension/protocol/generated/sasl-authenticate-request.ts';
import { saslAuthenticateResponse } from '../../../../extension/protocol/generated/sasl-authenticate-response.ts';
import type { AnyMessageType } from '../../../../extension/protocol/message-type.ts';
import { Reader } from '../../../../extension/protocol/reader.ts';
import { Writer } from '../../../../extension/protocol/writer.ts';

function request(type: AnyMessageType, version: number, correlationId: number, body: unknown): Buffer {
  const writer = new Writer();
  const setSize = writer.sizePrefix();
  writer.int16(type.apiKey);
  writer.int16(version);
  writer.int32(correlationId);
  writer.nullableString('test');
  if (version >= type.firstFlexibleVersion) writer.unsignedVarint(0);
  type.write(writer, body, version);
  setSize();
  return writer.toBuffer();
}

const describe0 = (correlationId: number) =>
  request(describeClusterRequest, 0, correlationId, { includeClusterAuthorizedOperations: false });
const produce3 = (correlationId: number) =>
  request(produceRequest, 3, correlationId, { transactionalId: null, acks: 1, timeoutMs: 1, topicData: [] });

const produceRecords3 = (correlationId: number) => {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: Buffer.of(1, 2, 3) }] }];
  return request(produceRequest, 3, correlationId, { transactionalId: null, acks: 1, timeoutMs: 1, topicData });
};
const authenticate0 = (correlationId: number) =>
  request(saslAuthenticateRequest, 0, correlationId, { authBytes: Buffer.of(4, 5, 6) });

const clusterAnswer = {
  throttleTimeMs: 0,
  errorCode: 0,
  errorMessage: null,
  clusterId: 'c',
  controllerId: 1,
  brokers: [],
  clusterAuthorizedOperations: 0,
};

class Harness {
  readonly sent: Buffer[] = [];
  readonly started: number[] = [];
  readonly waiting = new Map<number, (body: unknown) => void>();
  /** Byte arrays that requests had. */
  readonly bytes: Buffer[] = [];
  closed = false;
  paused = false;
  unsent = 0;
  readonly connection: Connection;

  constructor() {
    const wait = (correlationId: number) => {
      this.started.push(correlationId);
      return new Promise<never>((resolve) => this.waiting.set(correlationId, resolve as (body: unknown) => void));
    };
    const handlers: AnyApiHandler[] = [
      defineHandler(describeClusterRequest, describeClusterResponse, {
        handle: (_, context) => wait(context.correlationId),
      }),
      defineHandler(produceRequest, produceResponse, {
        pipelined: true,
        borrowsRequest: true,
        handle: (request, context) => {
          for (const { partitionData } of request.topicData) this.bytes.push(partitionData[0]!.records!);
          return wait(context.correlationId);
        },
      }),
      defineHandler(saslAuthenticateRequest, saslAuthenticateResponse, {
        handle: (request, context) => {
          this.bytes.push(request.authBytes);
          return wait(context.correlationId);
        },
      }),
    ];
    handlers.push(
      apiVersionsHandler(
        () => handlers,
        [],
        () => ({ epoch: 0, levels: new Map() }),
      ),
    );
    this.connection = new Connection(
      { clientHost: '127.0.0.1', listenerName: 'PLAINTEXT', connectionId: 1, principal: 'User:ANONYMOUS' },
      {
        send: (chunks) => this.sent.push(Buffer.concat(chunks)),
        pause: () => (this.paused = true),
        resume: () => (this.paused = false),
        unsentBytes: () => this.unsent,
        close: () => (this.closed = true),
      },
      { processor: new RequestProcessor(handlers, silentLogger), logger: silentLogger, maxFrameBytes: 1000, nowMs: 0 },
    );
  }

  send(...frames: Buffer[]): void {
    this.connection.receive(Buffer.concat(frames), 1);
  }

  async answer(correlationId: number, body: unknown): Promise<void> {
    this.waiting.get(correlationId)!(body);
    await new Promise((resolve) => setImmediate(resolve));
  }

  sentIds(): number[] {
    return this.sent.map((frame) => frame.readInt32BE(4));
  }
}

describe('Connection', () => {
  let harness: Harness;
  beforeEach(() => {
    harness = new Harness();
  });

  it('runs one request at a time', async () => {
    harness.send(describe0(1), describe0(2));
    expect(harness.started).toEqual([1]);
    await harness.answer(1, clusterAnswer);
    expect(harness.started).toEqual([1, 2]);
    await harness.answer(2, clusterAnswer);
    expect(harness.sentIds()).toEqual([1, 2]);
  });

  it('lets produces overlap, and answers them in request order', async () => {
    harness.send(produce3(1), produce3(2), produce3(3), describe0(4));
    expect(harness.started).toEqual([1, 2, 3]);
    await harness.answer(2, { responses: [], throttleTimeMs: 0 });
    expect(harness.sentIds()).toEqual([]);
    await harness.answer(1, { responses: [], throttleTimeMs: 0 });
    expect(harness.sentIds()).toEqual([1, 2]);
    expect(harness.started).toEqual([1, 2, 3]);
    await harness.answer(3, { responses: [], throttleTimeMs: 0 });
    expect(harness.started).toEqual([1, 2, 3, 4]);
  });

  it('reads requests where they were received only for whom that is enough', async () => {
    const authAnswer = { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0) };
    const receive = (...frames: Buffer[]): ArrayBufferLike => {
      const received = Buffer.concat(frames);
      const shared = Buffer.from(new ArrayBuffer(received.length));
      received.copy(shared);
      harness.connection.receive(shared, 1, true);
      shared.fill(0xff);
      return shared.buffer;
    };
    const first = receive(authenticate0(1));
    await harness.answer(1, authAnswer);
    const second = receive(produceRecords3(2), produceRecords3(3), authenticate0(4), produceRecords3(5));
    await harness.answer(2, { responses: [], throttleTimeMs: 0 });
    await harness.answer(3, { responses: [], throttleTimeMs: 0 });
    await harness.answer(4, authAnswer);
    expect(harness.started).toEqual([1, 2, 3, 4, 5]);
    const isBorrowed = harness.bytes.map(({ buffer }) => buffer === first || buffer === second);
    expect(isBorrowed).toEqual([false, true, true, false, false]);
    expect(harness.bytes[3]).toEqual(Buffer.of(4, 5, 6));
    expect(harness.bytes[4]).toEqual(Buffer.of(1, 2, 3));
  });

  it('sends nothing for a request without an answer, and goes on', async () => {
    harness.send(produce3(1), describe0(2));
    await harness.answer(1, undefined);
    expect(harness.sent).toEqual([]);
    expect(harness.started).toEqual([1, 2]);
  });

  it('stops reading while frames wait, and reads again when they are done', async () => {
    harness.send(...Array.from({ length: 20 }, (_, i) => describe0(i)));
    expect(harness.paused).toBe(true);
    for (let i = 0; i < 20; i++) await harness.answer(i, clusterAnswer);
    expect(harness.paused).toBe(false);
    expect(harness.sentIds()).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('starts nothing while the peer does not take what was sent', () => {
    harness.unsent = 100_000_000;
    harness.send(describe0(1));
    expect(harness.started).toEqual([]);
    expect(harness.paused).toBe(true);
    harness.unsent = 0;
    harness.connection.drained(2);
    expect(harness.started).toEqual([1]);
    expect(harness.paused).toBe(false);
  });

  it('answers an unknown version of ApiVersions in version 0, with the list', () => {
    const frame = request(describeClusterRequest, 0, 9, { includeClusterAuthorizedOperations: false });
    frame.writeInt16BE(18, 4);
    frame.writeInt16BE(99, 6);
    harness.send(frame);
    const response = apiVersionsResponse.read(new Reader(harness.sent[0]!, 8), 0);
    expect(response.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(response.apiKeys.map((api) => [api.apiKey, api.minVersion])).toEqual([
      [0, 0],
      [18, 0],
      [36, 0],
      [60, 0],
    ]);
    expect(harness.closed).toBe(false);
  });

  it.each([
    ['a header that ends early', Buffer.from([0, 0, 0, 3, 0, 1, 2])],
    ['an API that is not served', request(describeClusterRequest, 0, 1, {}).fill(77, 4, 6)],
    ['trailing bytes', padded(describe0(1))],
    ['an oversized frame', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ])('closes the connection on %s', (_, frame) => {
    harness.send(frame);
    expect(harness.closed).toBe(true);
    expect(harness.sent).toEqual([]);
  });

  it('closes the connection on a version that is not served', () => {
    const frame = describe0(1);
    frame.writeInt16BE(50, 6);
    harness.send(frame);
    expect(harness.closed).toBe(true);
  });

  it('closes the connection when a handler without an error answer fails', async () => {
    harness.send(describe0(1));
    await harness.answer(1, Promise.reject(new ApiError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)));
    expect(harness.closed).toBe(true);
  });
});

function padded(frame: Buffer): Buffer {
  const longer = Buffer.concat([frame, Buffer.alloc(2)]);
  longer.writeInt32BE(frame.length - 2);
  return longer;
}
