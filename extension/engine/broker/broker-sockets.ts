import type { RequestProcessor } from '../server/request-processor.ts';
import type { ServerListener } from '../server/server-listener.ts';
import { type BrokerPorts, BrokerStartError, type Listener } from './broker-options.ts';
import type { BrokerSettings } from './broker-settings.ts';

/** The listeners of one node: bound first, opened when the node is ready. */
export class BrokerSockets {
  readonly #ports: BrokerPorts;
  readonly #settings: BrokerSettings;
  readonly #maxConnections: number;
  readonly #onSent: (bytes: Buffer) => void;
  readonly #servers: ServerListener[] = [];

  /** `onSent` gets the byte arrays of responses back once they are with the operating system. */
  constructor(ports: BrokerPorts, settings: BrokerSettings, maxConnections: number, onSent: (bytes: Buffer) => void) {
    this.#onSent = onSent;
    this.#ports = ports;
    this.#settings = settings;
    this.#maxConnections = Math.min(settings.maxConnections, maxConnections);
  }

  /**
   * Binds listeners that are served by one processor; with the ports that were bound.
   *
   * @throws BrokerStartError PORT_IN_USE, BAD_ARGUMENT
   */
  async bind(
    listeners: readonly Listener[],
    processor: RequestProcessor,
    onConnectionClosed?: (connectionId: number) => void,
  ): Promise<Listener[]> {
    const bound: Listener[] = [];
    for (const listener of listeners) {
      // Listeners of one name are one listener on several addresses: they share the port that the first one got.
      const port = listener.port === 0 ? (bound.find(({ name }) => name === listener.name)?.port ?? 0) : listener.port;
      const server = this.#ports.makeListener({
        listenerName: listener.name,
        host: listener.host,
        port,
        processor,
        clock: this.#ports.clock,
        logger: this.#ports.logger,
        maxFrameBytes: this.#settings.requestMaxBytes,
        maxIdleMs: this.#settings.connectionsMaxIdleMs,
        maxConnections: this.#maxConnections,
        onConnectionClosed,
        onSent: this.#onSent,
      });
      try {
        bound.push({ ...listener, port: await server.listen() });
      } catch (error) {
        this.reset();
        throw startError(listener, port, error as NodeJS.ErrnoException);
      }
      this.#servers.push(server);
    }
    return bound;
  }

  open(): void {
    for (const server of this.#servers) server.open();
  }

  /** Nothing is accepted any more; answers that are under way may still leave. */
  stopAccepting(): void {
    for (const server of this.#servers) server.stopAccepting();
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  reset(): void {
    for (const server of this.#servers) server.reset();
  }
}

function startError(listener: Listener, port: number, error: NodeJS.ErrnoException): BrokerStartError {
  const where = `${listener.host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new BrokerStartError(
      'PORT_IN_USE',
      `Port ${port} is in use on ${listener.host} (listener ${listener.name}); choose another one`,
      {
        cause: error,
      },
    );
  }
  if (error.code === 'EACCES') {
    return new BrokerStartError('BAD_ARGUMENT', `Listening on ${where} is not permitted; choose a port above 1023`, {
      cause: error,
    });
  }
  return new BrokerStartError('BAD_ARGUMENT', `Cannot listen on ${where}: ${error.message}`, { cause: error });
}
