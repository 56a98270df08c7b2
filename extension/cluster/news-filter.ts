import type { ClusterEvent } from '../shared/cluster-protocol.ts';

type EventOf<K extends ClusterEvent['event']> = Extract<ClusterEvent, { event: K }>;

/** Every node reports what it sees of quorum and controller; this keeps the latest, and what the controller says of brokers. */
export class NewsFilter {
  #controller = { id: -1, epoch: -1 };
  #quorum: EventOf<'quorum'> | undefined;
  readonly #fenced = new Map<number, boolean>();

  get controller(): { readonly id: number; readonly epoch: number } {
    return this.#controller;
  }

  /** Who votes, as far as the quorum has told. */
  get voters(): readonly number[] | undefined {
    return this.#quorum?.voters;
  }

  /** Undefined while the controller has not said. */
  isFenced(broker: number): boolean | undefined {
    return this.#fenced.get(broker);
  }

  /** Takes the event in; false for what is known already, and for the late news of a slow node. */
  isNews(event: ClusterEvent): boolean {
    switch (event.event) {
      case 'controller':
        return this.#isNewController(event);
      case 'quorum':
        return this.#isNewQuorum(event);
      case 'registration':
        if (event.state === 'unregistered') this.#fenced.delete(event.broker);
        else this.#fenced.set(event.broker, event.state !== 'unfenced');
        return true;
      default:
        return true;
    }
  }

  #isNewController({ controller, epoch }: EventOf<'controller'>): boolean {
    if (epoch < this.#controller.epoch) return false;
    if (epoch === this.#controller.epoch && controller === this.#controller.id) return false;
    this.#controller = { id: controller, epoch };
    return true;
  }

  #isNewQuorum(event: EventOf<'quorum'>): boolean {
    const known = this.#quorum;
    if (known !== undefined) {
      if (event.epoch < known.epoch) return false;
      // Nobody knows less than who has seen the leader of the epoch; but a majority can be lost within it.
      if (event.epoch === known.epoch && event.leader < 0 && known.leader >= 0 && event.hasMajority) return false;
      if (isSame(event, known)) return false;
    }
    this.#quorum = event;
    return true;
  }
}

function isSame(a: EventOf<'quorum'>, b: EventOf<'quorum'>): boolean {
  return (
    a.epoch === b.epoch &&
    a.leader === b.leader &&
    a.hasMajority === b.hasMajority &&
    a.voters.length === b.voters.length &&
    a.voters.every((voter, index) => voter === b.voters[index])
  );
}
