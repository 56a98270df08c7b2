import type { SessionState } from '../explorer/cluster-session.ts';
import { sentence } from '../explorer/sentence.ts';
import { t } from '../settings/localize.ts';
import type { ClusterErrorCode, ClusterEvent } from '../shared/cluster-protocol.ts';

/** Brokers that failed while the others run, as one message, and how to go on with the first. */
export interface BrokerFailure {
  readonly broker: number;
  readonly message: string;
  readonly code: ClusterErrorCode | undefined;
}

/**
 * Tells of brokers that fail. Those of a start are told when the cluster is up: where it does not come up, its own failure
 * says why.
 */
export class BrokerFailures {
  readonly #tell: (failure: BrokerFailure) => void;
  readonly #failed = new Map<number, BrokerFailure>();
  #isUp = false;

  constructor(tell: (failure: BrokerFailure) => void) {
    this.#tell = tell;
  }

  onState({ kind }: SessionState): void {
    this.#isUp = kind === 'running' || kind === 'attached';
    if (this.#isUp) this.#tellAll();
    else if (kind !== 'starting') this.#failed.clear();
  }

  onEvent(event: ClusterEvent): void {
    if (event.event !== 'broker-state') return;
    const { broker, state, error, code } = event;
    if (state !== 'failed' || error === undefined) {
      this.#failed.delete(broker);
      return;
    }
    this.#failed.set(broker, { broker, message: t('Broker {0} failed: {1}', broker, withStop(error)), code });
    if (this.#isUp) this.#tellAll();
  }

  #tellAll(): void {
    const [first, ...others] = this.#failed.values();
    this.#failed.clear();
    if (first === undefined) return;
    this.#tell({ ...first, message: [first, ...others].map(({ message }) => message).join(' ') });
  }
}

function withStop(text: string): string {
  const words = sentence(text);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
