import type { Duplex } from 'node:stream';
import { ApiKey } from '../protocol/generated/apis.ts';
import { apiVersionsRequest } from '../protocol/generated/api-versions-request.ts';
import type { ApiVersionsResponse } from '../protocol/generated/api-versions-response.ts';
import { requestHeader } from '../protocol/generated/request-header.ts';
import { responseHeader } from '../protocol/generated/response-header.ts';
import type { MessageType } from '../protocol/message-type.ts';
import { Reader } from '../protocol/reader.ts';
import { Writer } from '../protocol/writer.ts';
import { commonVersion, negotiate, versionRanges, type VersionRange } from './api-versions.ts';
import { dialTcp, type Dial, type TlsOptions } from './dial.ts';
import { FrameReader } from './frame-reader.ts';
import { addressOf, NetworkError, networkErrorFrom } from './network-error.ts';
import type { RequestBody, RequestSender, SendOptions } from './request-sender.ts';
import type { SaslOptions } from './sasl.ts';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId?: string;
  readonly tls?: TlsOptions | undefined;
  readonly sasl?: SaslOptions | undefined;
  /** For the socket, ApiVersions and authentication together. */
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Requests on the wire at once; more wait in line. */
  readonly maxInFlight?: number;
  /** Requests waiting in line; more are refused with OVERLOADED. */
  readonly maxQueued?: number;
  readonly maxResponseBytes?: number;
  /** What the broker is told about us (KIP-511). */
  readonly softwareVersion?: string;
  readonly dial?: Dial;
}

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_IN_FLIGHT = 64;
const MAX_QUEUED = 1_000;
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

interface PendingRequest {
  readonly name: string;
  readonly chunks: readonly Buffer[];
  readonly correlationId: number;
  /** Undefined when no response follows (acks=0). */
  readonly headerVersion: number | undefined;
  readonly timer: NodeJS.Timeout | undefined;
  settle(frame: Reader): void;
  fail(error: Error): void;
}

/**
 * One connection to one broker. Requests leave in the order of the calls and are pipelined; responses come back in the
 * same order, so a request that is not answered in time costs the connection.
 */
export class Connection implements RequestSender {
  readonly address: string;
  readonly #options: ConnectionOptions;
  readonly #socket: Duplex;
  readonly #frames: FrameReader;
  readonly #inFlight: PendingRequest[] = [];
  readonly #queue: PendingRequest[] = [];
  readonly #closeListeners = new Set<(error: NetworkError) => void>();
  #nextCorrelationId = 1;
  #negotiated: ApiVersionsResponse | undefined;
  #versions: ReadonlyMap<number, VersionRange> = new Map();
  #failure: NetworkError | undefined;
  /** Local time after which the broker closes the connection (KIP-368); open another one before that. */
  expiresAtMs = Infinity;

  private constructor(options: ConnectionOptions, socket: Duplex) {
    this.address = addressOf(options.host, options.port);
    this.#options = options;
    this.#socket = socket;
    this.#frames = new FrameReader(options.maxResponseBytes ?? MAX_RESPONSE_BYTES);
    socket.on('data', (chunk: Buffer, isShared?: boolean) => this.#receive(chunk, isShared === true));
    socket.on('error', (error) => this.#end(networkErrorFrom(error, this.address, false)));
    socket.on('close', () => this.#end(this.#closedByPeer()));
    socket.on('end', () => this.#end(this.#closedByPeer()));
  }

  /** Connects, asks for the versions and authenticates. Rejects with a NetworkError. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const started = performance.now();
    const dial = options.dial ?? dialTcp;
    const socket = await dial({ host: options.host, port: options.port, tls: options.tls, timeoutMs });
    const connection = new Connection(options, socket);
    const left = Math.max(1, timeoutMs - (performance.now() - started));
    try {
      await connection.#introduce(left);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  async #introduce(timeoutMs: number): Promise<void> {
    const software = { name: 'samsa', version: this.#options.softwareVersion ?? 'unknown' };
    const response = await negotiate(
      (version, { name, version: softwareVersion }) =>
        this.#exchange(
          apiVersionsRequest,
          version < 3 ? {} : { clientSoftwareName: name, clientSoftwareVersion: softwareVersion },
          version,
          timeoutMs,
        ),
      software,
      this.address,
    );
    this.#negotiated = response;
    this.#versions = versionRanges(response);
    if (this.#options.sasl === undefined) return;
    const { authenticate } = await import('./sasl.ts');
    const lifetimeMs = await authenticate(this, this.#options.sasl, timeoutMs);
    if (lifetimeMs > 0) this.expiresAtMs = Date.now() + lifetimeMs * 0.85;
  }

  /** What the broker serves, by API key. */
  get versions(): ReadonlyMap<number, VersionRange> {
    return this.#versions;
  }

  /** The broker's whole answer to ApiVersions: also its features. */
  get negotiated(): ApiVersionsResponse {
    if (this.#negotiated === undefined) throw new Error('the connection is not open yet');
    return this.#negotiated;
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Requests sent or waiting. */
  get pendingRequests(): number {
    return this.#inFlight.length + this.#queue.length;
  }

  versionOf(request: MessageType<unknown, unknown>, options: SendOptions = {}): number {
    return commonVersion(request, this.#versions, options, this.address);
  }

  async send<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: RequestBody<I>,
    options: SendOptions = {},
  ): Promise<T> {
    const version = this.versionOf(request, options);
    const reader = await this.#exchange(request, bodyFor(body, version), version, options.timeoutMs);
    try {
      const message = response.read(reader, version);
      reader.expectEnd(`${response.name} version ${version}`);
      return message;
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      const error = new NetworkError('BAD_RESPONSE', this.address, `${response.name} of ${this.address}: ${text}`, {
        cause,
      });
      this.#end(error);
      throw error;
    }
  }

  /** Sends a request that gets no response (Produce with acks=0); resolves when it has been handed to the socket. */
  async sendOneWay<I>(
    request: MessageType<unknown, I>,
    body: RequestBody<I>,
    options: SendOptions = {},
  ): Promise<void> {
    const version = this.versionOf(request, options);
    await new Promise<void>((resolve, reject) => {
      this.#enqueue(request, bodyFor(body, version), version, options.timeoutMs, {
        settle: () => resolve(),
        fail: reject,
        expectsResponse: false,
      });
    });
  }

  #exchange<I>(request: MessageType<unknown, I>, body: I, version: number, timeoutMs?: number): Promise<Reader> {
    return new Promise((settle, fail) => {
      this.#enqueue(request, body, version, timeoutMs, { settle, fail, expectsResponse: true });
    });
  }

  #enqueue<I>(
    request: MessageType<unknown, I>,
    body: I,
    version: number,
    timeoutMs = this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    outcome: { settle(reader: Reader): void; fail(error: Error): void; expectsResponse: boolean },
  ): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#queue.length >= (this.#options.maxQueued ?? MAX_QUEUED)) {
      throw new NetworkError(
        'OVERLOADED',
        this.address,
        `${this.#queue.length} requests wait for ${this.address} already`,
      );
    }
    const correlationId = this.#nextCorrelationId;
    const chunks = this.#encode(request, body, version, correlationId);
    this.#nextCorrelationId = (correlationId + 1) & 0x7fffffff;
    const isFlexible = version >= request.firstFlexibleVersion;
    const name = request.name.replace(/Request$/, '');
    const pending: PendingRequest = {
      name,
      chunks,
      correlationId,
      headerVersion: outcome.expectsResponse
        ? isFlexible && request.apiKey !== ApiKey.ApiVersions
          ? 1
          : 0
        : undefined,
      timer: setTimeout(() => this.#end(this.#timedOut(name, timeoutMs)), timeoutMs),
      settle: (reader) => outcome.settle(reader),
      fail: (error) => outcome.fail(error),
    };
    this.#queue.push(pending);
    this.#flush();
  }

  #encode<I>(request: MessageType<unknown, I>, body: I, version: number, correlationId: number): readonly Buffer[] {
    const writer = new Writer();
    const setSize = writer.sizePrefix();
    requestHeader.write(
      writer,
      {
        requestApiKey: request.apiKey,
        requestApiVersion: version,
        correlationId,
        clientId: this.#options.clientId ?? 'samsa',
      },
      version >= request.firstFlexibleVersion ? 2 : 1,
    );
    request.write(writer, body, version);
    setSize();
    return writer.chunks();
  }

  #flush(): void {
    const limit = this.#options.maxInFlight ?? MAX_IN_FLIGHT;
    while (this.#queue.length > 0 && this.#inFlight.length < limit) {
      const pending = this.#queue.shift()!;
      this.#socket.cork();
      for (const chunk of pending.chunks) this.#socket.write(chunk);
      this.#socket.uncork();
      if (pending.headerVersion === undefined) {
        clearTimeout(pending.timer);
        pending.settle(new Reader(Buffer.alloc(0)));
      } else {
        this.#inFlight.push(pending);
      }
    }
  }

  #receive(chunk: Buffer, isShared: boolean): void {
    if (this.#failure !== undefined) return;
    try {
      this.#frames.push(chunk, (frame) => this.#answer(frame), isShared);
    } catch (cause) {
      const why = this.#negotiated === undefined ? foreignProtocol(chunk) : '';
      const text = cause instanceof Error ? cause.message : String(cause);
      this.#end(
        new NetworkError('BAD_RESPONSE', this.address, `${this.address} sent no Kafka response: ${why || text}`, {
          cause,
        }),
      );
    }
  }

  #answer(frame: Buffer): void {
    const pending = this.#inFlight[0];
    if (pending === undefined) throw new RangeError('a response came that nobody asked for');
    const reader = new Reader(frame);
    const header = responseHeader.read(reader, pending.headerVersion ?? 0);
    if (header.correlationId !== pending.correlationId) {
      throw new RangeError(`response ${header.correlationId} came in place of ${pending.correlationId}`);
    }
    this.#inFlight.shift();
    clearTimeout(pending.timer);
    pending.settle(reader);
    this.#flush();
  }

  /** Calls the listener once, when the connection has ended, with the reason. */
  onClose(listener: (error: NetworkError) => void): void {
    if (this.#failure !== undefined) listener(this.#failure);
    else this.#closeListeners.add(listener);
  }

  /** Ends the connection; what is pending rejects with CONNECTION_CLOSED. */
  close(): void {
    this.#end(new NetworkError('CONNECTION_CLOSED', this.address, `the connection to ${this.address} was closed`));
  }

  #closedByPeer(): NetworkError {
    const first = this.#inFlight[0];
    const during = first === undefined ? '' : ` while it was asked for ${first.name}`;
    const hint =
      first !== undefined &&
      (this.#negotiated === undefined || first.name === 'Metadata') &&
      this.#options.sasl === undefined
        ? '; it may want TLS or a login'
        : '';
    return new NetworkError('CONNECTION_CLOSED', this.address, `${this.address} closed the connection${during}${hint}`);
  }

  #timedOut(name: string, timeoutMs: number): NetworkError {
    return new NetworkError('TIMED_OUT', this.address, `${this.address} did not answer ${name} within ${timeoutMs} ms`);
  }

  #end(error: NetworkError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket.destroy();
    const pending = [...this.#inFlight.splice(0), ...this.#queue.splice(0)];
    for (const request of pending) {
      clearTimeout(request.timer);
      request.fail(error);
    }
    for (const listener of [...this.#closeListeners]) listener(error);
    this.#closeListeners.clear();
  }
}

function bodyFor<I>(body: RequestBody<I>, version: number): I {
  return typeof body === 'function' ? (body as (version: number) => I)(version) : body;
}

/** What a port says that speaks something else, from its first bytes. */
function foreignProtocol(chunk: Buffer): string {
  if (chunk[0] === 0x15 && chunk[1] === 0x03) return 'it wants TLS';
  if (chunk.toString('latin1', 0, 4) === 'HTTP') return 'it speaks HTTP';
  return '';
}
