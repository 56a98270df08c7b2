import type { NewDisk } from './broker-removal.ts';
import type { BoundNode, BrokerConfigInput, Listener, Peers, QuorumVoter } from '../engine/broker/broker-options.ts';

/**
 * Where the nodes that start together learn each other's ports. Each says what it has bound, and hears who votes once all
 * voters have bound or are known not to come; whoever comes later hears at once where the voters are then.
 */
export class Meeting {
  /** Resolves when every voter is here or absent. */
  readonly everybodySettled: Promise<void>;
  readonly #voters = new Map<number, Voter>();
  readonly #expected: Set<number>;
  #markSettled: () => void = () => {};
  /** Undefined until everybody is settled. */
  #isNewCluster: boolean | undefined;

  /** Voters are those of `nodes` that are controllers. */
  constructor(nodes: readonly BrokerConfigInput[]) {
    for (const { nodeId, controllerListener } of nodes) {
      if (controllerListener !== undefined) {
        this.#voters.set(nodeId, { planned: controllerListener, bound: undefined, hasVote: true });
      }
    }
    this.#expected = new Set(this.#voters.keys());
    this.everybodySettled = new Promise((resolve) => (this.#markSettled = resolve));
    this.#settle();
  }

  get voterIds(): readonly number[] {
    return [...this.#voters.keys()].sort((a, b) => a - b);
  }

  /** Who votes and where, once everybody is settled. */
  async arrive(bound: BoundNode): Promise<Peers> {
    const isLate = this.#isNewCluster !== undefined;
    const voter = this.#voters.get(bound.nodeId);
    if (voter !== undefined) {
      voter.bound = bound;
      // Whoever comes late with a new disk finds a cluster that has its voters.
      if (isLate && bound.isNew) voter.hasVote = false;
    }
    this.#expected.delete(bound.nodeId);
    this.#settle();
    await this.everybodySettled;
    return { voters: this.#addresses(), isNewCluster: this.#isNewCluster === true && !isLate };
  }

  /** The disk of a voter that was empty when the cluster had its voters already: it has no vote yet. */
  newDiskOf(nodeId: number): NewDisk | undefined {
    const voter = this.#voters.get(nodeId);
    if (voter === undefined || voter.hasVote || voter.bound === undefined) return undefined;
    const { directoryId, controllerListener: listener } = voter.bound;
    return directoryId === undefined || listener === undefined ? undefined : { voter: nodeId, directoryId, listener };
  }

  /** The quorum has taken the new disk for the lost one. */
  gotVote(nodeId: number): void {
    const voter = this.#voters.get(nodeId);
    if (voter !== undefined) voter.hasVote = true;
  }

  /** The node ended before it had bound anything. */
  miss(nodeId: number): void {
    this.#expected.delete(nodeId);
    this.#settle();
  }

  /** The node votes no more. */
  forget(nodeId: number): void {
    this.#voters.delete(nodeId);
    this.miss(nodeId);
  }

  #settle(): void {
    if (this.#expected.size > 0 || this.#isNewCluster !== undefined) return;
    const voters = [...this.#voters.values()];
    const isNewCluster = voters.every(({ bound }) => bound?.isNew === true);
    // Where only some disks are new, these are of voters that lost theirs.
    for (const voter of voters) voter.hasVote = isNewCluster || voter.bound?.isNew !== true;
    this.#isNewCluster = isNewCluster;
    this.#markSettled();
  }

  /** Who has not bound any free port cannot be reached. */
  #addresses(): QuorumVoter[] {
    return [...this.#voters].flatMap(([nodeId, { planned, bound, hasVote }]) => {
      const { host, port } = bound?.controllerListener ?? planned;
      return port === 0 || !hasVote ? [] : { nodeId, directoryId: bound?.directoryId, host, port };
    });
  }
}

/** What is known of a voter. */
interface Voter {
  readonly planned: Listener;
  /** What it told of itself when it last started. */
  bound: BoundNode | undefined;
  /** Its disk is one that the quorum knows, or will. */
  hasVote: boolean;
}
