import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ALL_MESSAGES } from '../../extension/protocol/generated/all-messages.ts';
import { ApiKey, APIS, type ApiName } from '../../extension/protocol/generated/apis.ts';
import type { MessageType } from '../../extension/protocol/message-type.ts';
import { requestHeader } from '../../extension/protocol/generated/request-header.ts';
import { responseHeader } from '../../extension/protocol/generated/response-header.ts';
import { Reader } from '../../extension/protocol/reader.ts';
import { Writer } from '../../extension/protocol/writer.ts';
import { FrameReader } from '../../extension/net/frame-reader.ts';

/** What a request came with besides its body. */
export interface FakeContext {
  readonly version: number;
  readonly clientId: string | null;
  /** Counts connections from 1. */
  readonly connection: number;
}

/** In place of a response: end the connection, or leave the request unanswered. */
export const CLOSE = Symbol('close');
export const SILENCE = Symbol('silence');

export type FakeAnswer = object | typeof CLOSE | typeof SILENCE | Buffer;

// A handler knows the type of its request; the broker does not.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type FakeHandler = (request: any, context: FakeContext) => FakeAnswer | Promise<FakeAnswer>;

export interface SeenRequest {
  readonly api: ApiName;
  readonly version: number;
  readonly connection: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface FakeBrokerOptions {
  readonly nodeId?: number;
  /** Ranges to serve in place of all that the definitions hold. */
  readonly versions?: Readonly<Partial<Record<ApiName, readonly [number, number]>>>;
}

type Codec = MessageType<unknown, unknown>;

const REQUESTS = codecs('request');
const RESPONSES = codecs('response');

function codecs(kind: string): ReadonlyMap<number, Codec> {
  const found = ALL_MESSAGES.filter((message) => message.kind === kind);
  return new Map(found.map(({ type }) => [type.apiKey, type as Codec]));
}

/** A broker for tests: real frames over TCP, answers by script. It serves the APIs that it has handlers for. */
export class FakeBroker implements AsyncDisposable {
  readonly nodeId: number;
  readonly seen: SeenRequest[] = [];
  readonly #options: FakeBrokerOptions;
  readonly #handlers = new Map<ApiName, FakeHandler>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #connections = 0;

  private constructor(options: FakeBrokerOptions) {
    this.#options = options;
    this.nodeId = options.nodeId ?? 1;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#handlers.set('ApiVersions', () => this.#apiVersions());
    this.#handlers.set('Metadata', () => this.metadata([]));
  }

  static async start(options: FakeBrokerOptions = {}): Promise<FakeBroker> {
    const broker = new FakeBroker(options);
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#connections;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  on(api: ApiName, handler: FakeHandler): this {
    this.#handlers.set(api, handler);
    return this;
  }

  /** Requests of one API so far. */
  requests(api: ApiName): SeenRequest[] {
    return this.seen.filter((request) => request.api === api);
  }

  /** A Metadata response with this broker (and others) and the given topics. */
  metadata(topics: readonly object[], others: readonly FakeBroker[] = []): object {
    return {
      brokers: [this, ...others].map((broker) => ({ nodeId: broker.nodeId, host: '127.0.0.1', port: broker.port })),
      clusterId: 'fake-cluster',
      controllerId: this.nodeId,
      topics,
    };
  }

  #apiVersions(): object {
    const served = APIS.filter(({ name }) => this.#handlers.has(name));
    return {
      errorCode: 0,
      apiKeys: served.map(({ key, name, lowestVersion, highestVersion }) => {
        const [minVersion, maxVersion] = this.#options.versions?.[name] ?? [lowestVersion, highestVersion];
        return { apiKey: key, minVersion, maxVersion };
      }),
    };
  }

  #accept(socket: Socket): void {
    const connection = ++this.#connections;
    const frames = new FrameReader(64 * 1024 * 1024);
    let answered: Promise<void> = Promise.resolve();
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) =>
      frames.push(chunk, (frame) => {
        const answer = this.#handle(frame, connection);
        // Responses leave in the order of the requests.
        answered = answered.then(async () => this.#send(socket, await answer));
      }),
    );
  }

  async #handle(frame: Buffer, connection: number): Promise<Buffer | typeof CLOSE | typeof SILENCE> {
    const apiKey = frame.readInt16BE(0);
    const version = frame.readInt16BE(2);
    const api = APIS.find(({ key }) => key === apiKey)!.name;
    const request = REQUESTS.get(apiKey)!;
    const reader = new Reader(frame);
    const header = requestHeader.read(reader, version >= request.firstFlexibleVersion ? 2 : 1);
    const body = request.read(reader, version);
    this.seen.push({ api, version, connection, body });
    const handler = this.#handlers.get(api);
    if (handler === undefined) return CLOSE;
    const answer = await handler(body, { version, clientId: header.clientId, connection });
    if (answer === CLOSE || answer === SILENCE || Buffer.isBuffer(answer)) return answer;
    return encodeResponse(apiKey, version, header.correlationId, answer);
  }

  #send(socket: Socket, answer: Buffer | typeof CLOSE | typeof SILENCE): void {
    if (answer === CLOSE) socket.destroy();
    else if (answer !== SILENCE && !socket.destroyed) socket.write(answer);
  }

  /** Resets every connection; new ones are accepted. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop();
  }
}

/** A whole response frame, size included. */
export function encodeResponse(apiKey: number, version: number, correlationId: number, body: object): Buffer {
  const response = RESPONSES.get(apiKey)!;
  const writer = new Writer();
  const setSize = writer.sizePrefix();
  const isFlexible = version >= response.firstFlexibleVersion && apiKey !== ApiKey.ApiVersions;
  responseHeader.write(writer, { correlationId }, isFlexible ? 1 : 0);
  response.write(writer, body, version);
  setSize();
  return writer.toBuffer();
}
