import type { Clock, Timer } from '../common/clock.ts';
import type { NodeAddress, NodeNetwork } from '../common/network.ts';
import type { BrokerRegistration } from '../metadata/broker-registration.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';

/** When a broker whose line broke is looked for, counted from the break: its listener may close a moment later than that. */
const PROBE_AFTER_MS = [0, 30, 100, 300];
const PROBE_TIMEOUT_MS = 500;

export interface BrokerWatchOptions {
  readonly nodeId: number;
  readonly network: NodeNetwork;
  readonly clock: Clock;
  readonly image: () => MetadataImage;
  /** Whether this node's controller is the active one. */
  readonly isActive: () => boolean;
  readonly onDead: (brokerId: number, brokerEpoch: number) => void;
}

/**
 * Finds out about dead brokers before their sessions end. A broken heartbeat line makes suspicious; that nobody listens on
 * the broker's port any more proves it. A broker that is merely silent (paused, cut off) still has its port, and keeps its session.
 */
export class BrokerWatch {
  readonly #options: BrokerWatchOptions;
  readonly #connections = new Map<number, number>();
  readonly #timers = new Map<number, Timer>();
  #closed = false;

  constructor(options: BrokerWatchOptions) {
    this.#options = options;
  }

  /** A heartbeat came on a connection. */
  heard(connectionId: number, brokerId: number): void {
    this.#connections.set(connectionId, brokerId);
  }

  connectionClosed(connectionId: number): void {
    const brokerId = this.#connections.get(connectionId);
    if (brokerId === undefined) return;
    this.#connections.delete(connectionId);
    this.#suspect(brokerId);
  }

  /** This node's controller became active: what died together with the last one is found now. */
  activated(): void {
    for (const { id, fenced } of this.#options.image().cluster.brokers.values()) if (!fenced) this.#suspect(id);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #suspect(brokerId: number): void {
    const { nodeId, image, isActive } = this.#options;
    const broker = image().cluster.brokers.get(brokerId);
    if (brokerId === nodeId || broker === undefined || broker.fenced || !isActive()) return;
    this.#probeLater(broker, 0);
  }

  #probeLater(broker: BrokerRegistration, attempt: number): void {
    const afterMs = PROBE_AFTER_MS[attempt];
    this.#timers.get(broker.id)?.cancel();
    this.#timers.delete(broker.id);
    if (afterMs === undefined || this.#closed) return;
    const timer = this.#options.clock.schedule(afterMs - (PROBE_AFTER_MS[attempt - 1] ?? 0), () => {
      void this.#probe(broker, attempt, timer);
    });
    this.#timers.set(broker.id, timer);
  }

  async #probe(broker: BrokerRegistration, attempt: number, timer: Timer): Promise<void> {
    const { network, image, isActive, onDead } = this.#options;
    const address = addressOf(broker);
    if (address === undefined) return;
    const found = await network.probe(address, PROBE_TIMEOUT_MS);
    if (this.#closed || this.#timers.get(broker.id) !== timer || !isActive()) return;
    // One that came back under a new epoch is another one.
    const current = image().cluster.brokers.get(broker.id);
    if (current?.epoch !== broker.epoch || current.fenced) this.#timers.delete(broker.id);
    else if (found === 'refused') {
      this.#timers.delete(broker.id);
      onDead(broker.id, broker.epoch);
    } else this.#probeLater(broker, attempt + 1);
  }
}

function addressOf({ id, listeners }: BrokerRegistration): NodeAddress | undefined {
  const [listener] = listeners;
  return listener && { nodeId: id, host: listener.host, port: listener.port };
}
