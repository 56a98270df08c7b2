import type { Logger } from '../common/logger.ts';
import { FrameDecoder, FrameError } from './frame-decoder.ts';
import {
  type Peer,
  type ProcessedRequest,
  type RequestProcessor,
  UnanswerableRequestError,
} from './request-processor.ts';

/** The socket as a connection needs it. */
export interface Transport {
  send(chunks: readonly Buffer[]): void;
  /** Stops reading from the peer until `resume`. */
  pause(): void;
  resume(): void;
  /** Bytes that the peer has not taken yet. */
  unsentBytes(): number;
  close(): void;
}

/** A frame that was received and waits for its turn. */
interface Frame {
  bytes: Buffer;
  /** The bytes lie where the next ones will be received. */
  isBorrowed: boolean;
}

interface Slot {
  response: ProcessedRequest;
  done: boolean;
}

/** Requests of one connection that may be started and not answered yet. */
const IN_FLIGHT_MAX = 256;
/** Complete frames that may wait for their turn before the peer is no longer read. */
const WAITING_MAX = 16;
/** Unsent bytes above which the peer is no longer read, and below which it is again. */
const UNSENT_MAX_BYTES = 8 * 1024 * 1024;

/**
 * One client's requests. As in Kafka one request runs at a time and responses leave in request order; requests of a
 * pipelined API (Produce) may overlap with each other, since their effect happens in order before they wait.
 */
export class Connection {
  readonly peer: Peer;
  readonly #processor: RequestProcessor;
  readonly #transport: Transport;
  readonly #logger: Logger;
  readonly #decoder: FrameDecoder;
  readonly #waiting: Frame[] = [];
  /** Whether frames that are slices of what is being received must be copied if they are to last. */
  #isShared = false;
  readonly #inFlight: Slot[] = [];
  #pipelining = false;
  #pumping = false;
  #paused = false;
  #closed = false;
  #hasSpoken = false;
  /** Wants to be told when the next request is here. */
  #nextWanted: (() => void) | undefined;
  /** When the peer last sent a byte or was answered, by the server's monotonic clock. */
  lastActiveMs: number;

  constructor(
    peer: Peer,
    transport: Transport,
    options: { processor: RequestProcessor; logger: Logger; maxFrameBytes: number; nowMs: number },
  ) {
    this.peer = { ...peer, onNextRequest: (fn) => this.#onNextRequest(fn) };
    this.#transport = transport;
    this.#processor = options.processor;
    this.#logger = options.logger;
    this.lastActiveMs = options.nowMs;
    this.#decoder = new FrameDecoder(options.maxFrameBytes, (bytes, isSlice) =>
      this.#waiting.push({ bytes, isBorrowed: isSlice && this.#isShared }),
    );
  }

  /** Whether it ever sent a whole request. */
  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  /** Whether nothing of this connection is being worked on. */
  get idle(): boolean {
    return this.#inFlight.length === 0 && this.#waiting.length === 0;
  }

  /** With `isShared` the memory of `chunk` is used for something else afterwards. */
  receive(chunk: Buffer, nowMs: number, isShared = false): void {
    if (this.#closed) return;
    this.lastActiveMs = nowMs;
    this.#isShared = isShared;
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return this.#fail(error.message);
    }
    this.#pump();
    if (isShared) for (const frame of this.#waiting) this.#own(frame);
    this.#tellNext();
  }

  #onNextRequest(fn: () => void): void {
    this.#nextWanted = fn;
    this.#tellNext();
  }

  #tellNext(): void {
    if (this.#waiting.length === 0) return;
    const wanted = this.#nextWanted;
    this.#nextWanted = undefined;
    wanted?.();
  }

  #own(frame: Frame): void {
    if (!frame.isBorrowed) return;
    frame.bytes = Buffer.from(frame.bytes);
    frame.isBorrowed = false;
  }

  /** The peer has taken some of what was sent. */
  drained(nowMs: number): void {
    this.lastActiveMs = nowMs;
    this.#pump();
  }

  /** The socket is gone; answers that are still to come are dropped. */
  closed(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #pump(): void {
    // A response that is ready at once gets here again through #flush.
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      while (this.#waiting.length > 0 && !this.#closed && this.#mayStart(this.#waiting[0]!.bytes)) {
        this.#start(this.#waiting.shift()!);
      }
    } finally {
      this.#pumping = false;
    }
    this.#flowControl();
  }

  #mayStart(frame: Buffer): boolean {
    if (this.#transport.unsentBytes() > UNSENT_MAX_BYTES) return false;
    if (this.#inFlight.length === 0) return true;
    return this.#pipelining && this.#inFlight.length < IN_FLIGHT_MAX && this.#processor.isPipelined(frame);
  }

  #start(frame: Frame): void {
    this.#hasSpoken = true;
    this.#pipelining = this.#processor.isPipelined(frame.bytes);
    if (!this.#processor.borrowsRequest(frame.bytes)) this.#own(frame);
    const slot: Slot = { response: undefined, done: false };
    this.#inFlight.push(slot);
    let result: ProcessedRequest | Promise<ProcessedRequest>;
    try {
      result = this.#processor.process(frame.bytes, this.peer);
    } catch (error) {
      return this.#failWith(error);
    }
    if (!(result instanceof Promise)) return this.#complete(slot, result);
    result.then(
      (response) => this.#complete(slot, response),
      (error: unknown) => this.#failWith(error),
    );
  }

  #complete(slot: Slot, response: ProcessedRequest): void {
    this.#nextWanted = undefined;
    slot.response = response;
    slot.done = true;
    while (this.#inFlight.length > 0 && this.#inFlight[0]!.done) {
      const ready = this.#inFlight.shift()!.response;
      if (ready !== undefined && !this.#closed) this.#transport.send(ready);
    }
    this.#pump();
  }

  #flowControl(): void {
    if (this.#closed) return;
    const full = this.#waiting.length > WAITING_MAX || this.#transport.unsentBytes() > UNSENT_MAX_BYTES;
    if (full && !this.#paused) {
      this.#paused = true;
      this.#transport.pause();
    } else if (!full && this.#paused) {
      this.#paused = false;
      this.#transport.resume();
    }
  }

  #failWith(error: unknown): void {
    if (error instanceof UnanswerableRequestError) return this.#fail(error.message);
    this.#logger.error(`connection ${this.peer.connectionId} failed`, error);
    this.#fail('an internal error');
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.#logger.warn(`closing the connection of ${this.peer.clientHost}: ${reason}`);
    this.closed();
    this.#transport.close();
  }
}
