import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../common/clock.ts';
import { LineLimiter } from '../common/line-limiter.ts';
import type { Logger } from '../common/logger.ts';
import { Connection } from './connection.ts';
import type { RequestProcessor } from './request-processor.ts';
import { SharedReceive } from './shared-receive.ts';

/** `ANONYMOUS`: who a client is on a listener without authentication. */
const ANONYMOUS = 'User:ANONYMOUS';

/** How often idle connections are looked for, at the most. */
const IDLE_CHECK_MS = 30_000;

export interface SocketServerOptions {
  readonly listenerName: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly processor: RequestProcessor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `socket.request.max.bytes` */
  readonly maxFrameBytes: number;
  /** `connections.max.idle.ms`; below 0: never */
  readonly maxIdleMs: number;
  /** `max.connections`, and not above what open files allow. */
  readonly maxConnections: number;
  /** Called when a connection is gone, for whatever reason. */
  readonly onConnectionClosed?: ((connectionId: number) => void) | undefined;
  /** Called for each byte array of a response that is with the operating system now. */
  readonly onSent?: (bytes: Buffer) => void;
}

/**
 * One listener: accepts sockets, feeds their bytes to a {@link Connection}, closes those that idle. At the limit of
 * connections the one that has been silent longest makes room, so that silent clients cannot lock out the next one.
 */
export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, Connection>();
  readonly #receive = new SharedReceive();
  #nextConnectionId = 1;
  #idleTimer: Timer | undefined;
  #closing = false;
  #open = false;
  #held = false;
  /** Those whose connection has more than it can work on. */
  readonly #full = new Set<Socket>();
  /** What clients cause must not flood the log. */
  readonly #logger: Logger;

  constructor(options: SocketServerOptions) {
    this.#options = options;
    this.#logger = new LineLimiter(options.logger, options.clock);
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /**
   * Binds the listener; the port that was bound. Clients may connect from now on, but nothing is read from them before
   * {@link open}. Rejects with Node's error (`EADDRINUSE`, …).
   */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#logger.error(`listener ${this.#options.listenerName}`, error));
    this.#scheduleIdleCheck();
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Begins to serve, those first who have connected already. */
  open(): void {
    this.#open = true;
    for (const socket of this.#sockets.keys()) socket.resume();
  }

  /** Falls silent: nothing is read and nothing leaves until {@link release}, and no connection is closed for it. */
  hold(): void {
    this.#held = true;
    for (const socket of this.#sockets.keys()) silence(socket);
  }

  release(): void {
    this.#held = false;
    for (const socket of this.#sockets.keys()) {
      socket.uncork();
      if (this.#open && !this.#full.has(socket)) socket.resume();
    }
  }

  /** Accepts nothing more. Connections go on until `close` or `reset`. */
  stopAccepting(): void {
    this.#closing = true;
    this.#idleTimer?.cancel();
    this.#server.close();
  }

  /** Ends every connection after what was written to it. */
  close(): void {
    this.stopAccepting();
    for (const [socket, connection] of this.#sockets) {
      connection.closed();
      socket.end();
      socket.destroySoon();
    }
  }

  /** Resets every connection: the peers see what the death of a process looks like. */
  reset(): void {
    this.stopAccepting();
    for (const [socket, connection] of this.#sockets) {
      connection.closed();
      socket.resetAndDestroy();
    }
  }

  #accept(accepted: Socket): void {
    if (this.#closing) {
      accepted.destroy();
      return;
    }
    const { clock, listenerName, processor, maxFrameBytes, maxConnections, onSent } = this.#options;
    const socket = this.#receive.attach(accepted, (bytes, shared) =>
      connection.receive(bytes, clock.monotonicMs(), shared),
    );
    if (this.#sockets.size >= maxConnections) this.#makeRoom();
    const peer = {
      clientHost: hostOf(socket.remoteAddress),
      listenerName,
      connectionId: this.#nextConnectionId++,
      principal: ANONYMOUS,
    };
    const connection: Connection = new Connection(
      peer,
      {
        send(chunks) {
          const last = chunks.length - 1;
          if (last === 0) {
            socket.write(chunks[0]!);
            return;
          }
          socket.cork();
          for (let i = 0; i < last; i++) socket.write(chunks[i]!);
          socket.write(chunks[last]!, (error) => {
            if (error == null && onSent !== undefined) for (const chunk of chunks) onSent(chunk);
          });
          socket.uncork();
        },
        pause: () => {
          this.#full.add(socket);
          socket.pause();
        },
        resume: () => {
          this.#full.delete(socket);
          if (!this.#held) socket.resume();
        },
        unsentBytes: () => socket.writableLength,
        close: () => void socket.destroy(),
      },
      { processor, logger: this.#logger, maxFrameBytes, nowMs: clock.monotonicMs() },
    );
    this.#sockets.set(socket, connection);
    if (this.#held) silence(socket);
    else if (this.#open) socket.resume();
    else socket.pause();
    socket.on('drain', () => connection.drained(clock.monotonicMs()));
    // A reset by the peer is ordinary; 'close' follows and cleans up.
    socket.on('error', (error) => this.#logger.debug(`connection of ${peer.clientHost}: ${error.message}`));
    socket.on('close', () => {
      connection.closed();
      this.#sockets.delete(socket);
      this.#full.delete(socket);
      this.#options.onConnectionClosed?.(peer.connectionId);
    });
  }

  /** Those that never said anything go first, then those that have been idle longest. */
  #makeRoom(): void {
    let victim: [Socket, Connection] | undefined;
    for (const entry of this.#sockets) {
      const [, connection] = entry;
      if (!connection.idle) continue;
      if (victim !== undefined && victim[1].hasSpoken === connection.hasSpoken) {
        if (connection.lastActiveMs < victim[1].lastActiveMs) victim = entry;
      } else if (victim === undefined || !connection.hasSpoken) victim = entry;
    }
    if (victim === undefined) return;
    const [socket, connection] = victim;
    this.#logger.warn(
      `listener ${this.#options.listenerName} has all of its ${this.#options.maxConnections} connections; ` +
        `the idle one of ${connection.peer.clientHost} makes room`,
    );
    connection.closed();
    this.#sockets.delete(socket);
    socket.resetAndDestroy();
  }

  #scheduleIdleCheck(): void {
    const { clock, maxIdleMs } = this.#options;
    if (maxIdleMs < 0) return;
    this.#idleTimer = clock.schedule(Math.min(IDLE_CHECK_MS, Math.max(maxIdleMs, 1)), () => {
      const before = clock.monotonicMs() - maxIdleMs;
      for (const [socket, connection] of this.#sockets) {
        if (!connection.idle || connection.lastActiveMs > before) continue;
        this.#logger.debug(`closing the connection of ${connection.peer.clientHost}: idle for ${maxIdleMs} ms`);
        socket.destroy();
      }
      this.#scheduleIdleCheck();
    });
  }
}

function silence(socket: Socket): void {
  socket.pause();
  socket.cork();
}

/** An IPv4 address that came through an IPv6 socket is shown as IPv4, as Java does. */
function hostOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
