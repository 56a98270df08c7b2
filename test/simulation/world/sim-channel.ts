import { type NodeAddress, type NodeChannel, NodeUnreachableError } from '../../../extension/engine/common/network.ts';
import { negotiate, commonVersion, type VersionRange, versionRanges } from '../../../extension/net/api-versions.ts';
import { FrameReader } from '../../../extension/net/frame-reader.ts';
import { NetworkError } from '../../../extension/net/network-error.ts';
import { ApiKey } from '../../../extension/protocol/generated/apis.ts';
import { apiVersionsRequest } from '../../../extension/protocol/generated/api-versions-request.ts';
import { requestHeader } from '../../../extension/protocol/generated/request-header.ts';
import { responseHeader } from '../../../extension/protocol/generated/response-header.ts';
import type { MessageType } from '../../../extension/protocol/message-type.ts';
import { Reader } from '../../../extension/protocol/reader.ts';
import { Writer } from '../../../extension/protocol/writer.ts';
import { SimConnection, type SimEndpoint } from './sim-connection.ts';
import type { SimNetwork } from './sim-network.ts';

const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

interface Pending {
  readonly correlationId: number;
  readonly headerVersion: number;
  answered(reader: Reader): void;
  failed(kind: NodeUnreachableError['kind']): void;
}

/** One connection with its requests: what `net/connection.ts` is on sockets. */
class Line {
  readonly #connection: SimConnection;
  readonly #network: SimNetwork;
  readonly #endpoint: SimEndpoint;
  readonly #clientId: string;
  readonly #frames = new FrameReader(MAX_RESPONSE_BYTES);
  readonly #pending: Pending[] = [];
  #onEnd: () => void = () => {};
  #correlationId = 0;
  #ended: NodeUnreachableError['kind'] | undefined;
  versions: ReadonlyMap<number, VersionRange> = new Map();

  constructor(network: SimNetwork, endpoint: SimEndpoint, connection: SimConnection, clientId: string) {
    this.#network = network;
    this.#endpoint = endpoint;
    this.#connection = connection;
    this.#clientId = clientId;
    connection.use({
      receive: (chunk) => this.#frames.push(chunk, (frame) => this.#answer(frame)),
      ended: () => this.end('broken'),
    });
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Calls `fn` when the line ends, or now when it has. */
  onEnd(fn: () => void): void {
    if (this.#ended === undefined) this.#onEnd = fn;
    else fn();
  }

  exchange<I>(request: MessageType<unknown, I>, body: I, version: number, timeoutMs: number): Promise<Reader> {
    return new Promise((resolve, reject) => {
      const fail = (kind: NodeUnreachableError['kind']): void => reject(new LineError(kind));
      if (this.#ended !== undefined) return fail(this.#ended);
      const correlationId = this.#correlationId + 1;
      const isFlexible = version >= request.firstFlexibleVersion;
      // Before anything waits for an answer: a message that does not fit its version is not sent.
      const writer = new Writer();
      const setSize = writer.sizePrefix();
      const header = {
        requestApiKey: request.apiKey,
        requestApiVersion: version,
        correlationId,
        clientId: this.#clientId,
      };
      requestHeader.write(writer, header, isFlexible ? 2 : 1);
      request.write(writer, body, version);
      setSize();
      this.#correlationId = correlationId;
      const timer = this.#network.world.schedule(timeoutMs, this.#endpoint.actor, () => this.end('timeout'));
      this.#pending.push({
        correlationId,
        headerVersion: isFlexible && request.apiKey !== ApiKey.ApiVersions ? 1 : 0,
        answered: (reader) => {
          timer.fn = undefined;
          resolve(reader);
        },
        failed: (kind) => {
          timer.fn = undefined;
          fail(kind);
        },
      });
      this.#connection.send('client', Buffer.concat(writer.chunks()));
    });
  }

  #answer(frame: Buffer): void {
    const pending = this.#pending.shift();
    if (pending === undefined) throw new Error('a response came that nobody asked for');
    const reader = new Reader(frame);
    const { correlationId } = responseHeader.read(reader, pending.headerVersion);
    if (correlationId !== pending.correlationId) {
      throw new Error(`response ${correlationId} came in place of ${pending.correlationId}`);
    }
    pending.answered(reader);
  }

  end(kind: NodeUnreachableError['kind']): void {
    if (this.#ended !== undefined) return;
    this.#ended = kind;
    this.#connection.close('client');
    for (const pending of this.#pending.splice(0)) pending.failed(kind);
    this.#onEnd();
  }
}

class LineError extends Error {
  readonly kind: NodeUnreachableError['kind'];

  constructor(kind: NodeUnreachableError['kind']) {
    super(kind);
    this.kind = kind;
  }
}

/** A line to one node over the simulated network; connects, and asks for versions, when it is first used. */
export class SimChannel implements NodeChannel {
  readonly address: NodeAddress;
  readonly #network: SimNetwork;
  readonly #endpoint: SimEndpoint;
  readonly #purpose: string;
  readonly #listeners: (() => void)[] = [];
  #line: Line | undefined;
  #opening: Promise<Line> | undefined;
  #closed = false;
  #failure = '';

  constructor(network: SimNetwork, endpoint: SimEndpoint, address: NodeAddress, purpose: string) {
    this.#network = network;
    this.#endpoint = endpoint;
    this.address = address;
    this.#purpose = purpose;
  }

  async send<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: I | ((version: number) => I),
    options: { readonly timeoutMs: number; readonly maxVersion?: number },
  ): Promise<T> {
    try {
      const line = this.#line ?? (await this.#connect(options.timeoutMs));
      const limits = options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion };
      const version = commonVersion(request, line.versions, limits, String(this.address.port));
      const message = typeof body === 'function' ? (body as (version: number) => I)(version) : body;
      const reader = await line.exchange(request, message, version, options.timeoutMs);
      const answer = response.read(reader, version);
      reader.expectEnd(response.name);
      this.#failure = '';
      return answer;
    } catch (error) {
      const unreachable = this.#unreachable(error);
      // The first failure says it; that it goes on failing does not help a reader.
      if (this.#failure !== String(unreachable)) {
        this.#failure = String(unreachable);
        this.#network.world.detail(this.#endpoint.machine.name, () => `${request.name}: ${this.#failure}`);
      }
      throw unreachable;
    }
  }

  onBroken(fn: () => void): void {
    this.#listeners.push(fn);
  }

  close(): void {
    this.#closed = true;
    this.#line?.end('broken');
    this.#line = undefined;
  }

  #connect(timeoutMs: number): Promise<Line> {
    if (this.#closed) throw new LineError('broken');
    this.#opening ??= this.#open(timeoutMs).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(timeoutMs: number): Promise<Line> {
    const { world } = this.#network;
    const untilMs = world.nowMs + timeoutMs;
    const connection = await new Promise<SimConnection>((resolve, reject) => {
      let isLate = false;
      const timer = world.schedule(timeoutMs, this.#endpoint.actor, () => {
        isLate = true;
        reject(new LineError('timeout'));
      });
      this.#network.connect(this.#endpoint, this.address.port, (outcome) => {
        timer.fn = undefined;
        if (isLate) {
          if (outcome instanceof SimConnection) outcome.close('client');
        } else if (outcome === 'refused') reject(new LineError('refused'));
        else resolve(outcome);
      });
    });
    const line = new Line(this.#network, this.#endpoint, connection, `samsa-${this.#purpose}`);
    line.onEnd(() => {
      if (this.#line === line) this.#line = undefined;
      if (!this.#closed) for (const listener of this.#listeners) listener();
    });
    const leftMs = Math.max(1, untilMs - world.nowMs);
    const answer = await negotiate(
      (version) =>
        line.exchange(
          apiVersionsRequest,
          version < 3 ? {} : { clientSoftwareName: 'simulation', clientSoftwareVersion: '1' },
          version,
          leftMs,
        ),
      { name: 'simulation', version: '1' },
      String(this.address.port),
    );
    line.versions = versionRanges(answer);
    if (this.#closed) line.end('broken');
    else if (line.isOpen) this.#line = line;
    return line;
  }

  #unreachable(error: unknown): unknown {
    const kind =
      error instanceof LineError ? error.kind : error instanceof NetworkError ? ('unsupported' as const) : undefined;
    if (kind === undefined) return error;
    const { nodeId, port } = this.address;
    const message = `node ${nodeId} (port ${port}) cannot be asked over its ${this.#purpose} line: ${kind}`;
    return new NodeUnreachableError(kind, this.address, message, { cause: error });
  }
}
