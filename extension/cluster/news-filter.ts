import type { ClusterEvent } from '../shared/cluster-protocol.ts';

type EventOf<K extends ClusterEvent['event']> = Extract<ClusterEvent, { event: K }>;

/**
 * Every node reports what it sees of quorum and controller; this keeps the latest, and what the controller says of brokers.
 * A node that lost sight of the leader is no news while the leader itself is there and says nothing of it.
 */
export class NewsFilter {
  readonly #isReachable: (node: number) => boolean;
  #controller = { id: -1, epoch: -1 };
  #quorum: EventOf<'quorum'> | undefined;
  #voters: readonly number[] | undefined;
  readonly #fenced = new Map<number, boolean>();

  /** `isReachable`: the node runs and is not cut off. */
  constructor(isReachable: (node: number) => boolean) {
    this.#isReachable = isReachable;
  }

  get controller(): { readonly id: number; readonly epoch: number } {
    return this.#controller;
  }

  /** Who votes, as far as one that knows them has told: a new follower first knows only those that it was told to ask. */
  get voters(): readonly number[] | undefined {
    return this.#voters;
  }

  /** Undefined while the controller has not said. */
  isFenced(broker: number): boolean | undefined {
    return this.#fenced.get(broker);
  }

  /** Takes in what node `from` says; false for what is known already, and for the late news of a slow node. */
  isNews(event: ClusterEvent, from: number): boolean {
    switch (event.event) {
      case 'controller':
        return this.#isNewController(event, from);
      case 'quorum':
        return this.#isNewQuorum(event, from);
      case 'registration':
        if (event.state === 'unregistered') this.#fenced.delete(event.broker);
        else this.#fenced.set(event.broker, event.state !== 'unfenced');
        return true;
      default:
        return true;
    }
  }

  #isNewController({ controller, epoch }: EventOf<'controller'>, from: number): boolean {
    const known = this.#controller;
    if (epoch === known.epoch && controller === known.id) return false;
    if (!this.#isCredible({ leader: controller, epoch }, { leader: known.id, epoch: known.epoch }, from)) return false;
    this.#controller = { id: controller, epoch };
    return true;
  }

  #isNewQuorum(event: EventOf<'quorum'>, from: number): boolean {
    const known = this.#quorum;
    if (known !== undefined && (isSame(event, known) || !this.#isCredible(event, known, from))) return false;
    this.#quorum = event;
    if (event.voters.includes(event.leader)) this.#voters = event.voters;
    return true;
  }

  #isCredible(told: Leadership, known: Leadership, from: number): boolean {
    if (told.epoch < known.epoch) return false;
    // Only the leader itself knows that it gave up; the others may just not reach it.
    if (told.leader < 0 && known.leader >= 0) return from === known.leader || !this.#isReachable(known.leader);
    if (told.epoch === known.epoch && told.leader !== known.leader) return this.#isReachable(told.leader);
    return true;
  }
}

interface Leadership {
  readonly leader: number;
  readonly epoch: number;
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
