import type { NewDisk } from './broker-removal.ts';
import type { BoundNode, BrokerConfigInput, Listener, Peers, QuorumVoter } from '../engine/broker/broker-options.ts';

/**
 * Where the nodes that start together learn each other's ports. Each says what it has bound, and hears who votes once all
 * voters have bound or are known not to come; whoever comes later hears at once where the voters are then.
 */
export class Meeting {
  /** Resolves when every voter is here or absent. */
  readonly everybodySettled: Promise<void>;
  /** Where voters are expected, and what they told of themselves. */
  readonly #voters = new Map<number, { planned: Listener; bound: BoundNode | undefined }>();
  readonly #expected: Set<number>;
  #markSettled: () => void = () => {};
  #isNewCluster = false;

  /** Voters are those of `nodes` that are controllers. */
  constructor(nodes: readonly BrokerConfigInput[]) {
    for (const { nodeId, controllerListener } of nodes) {
      if (controllerListener !== undefined) this.#voters.set(nodeId, { planned: controllerListener, bound: undefined });
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
    const voter = this.#voters.get(bound.nodeId);
    if (voter !== undefined) voter.bound = bound;
    this.#expected.delete(bound.nodeId);
    this.#settle();
    await this.everybodySettled;
    return { voters: this.#addresses(), isNewCluster: this.#isNewCluster };
  }

  /** The disk of a voter that was formatted when the cluster had its voters already: it has no vote yet. */
  newDiskOf(nodeId: number): NewDisk | undefined {
    const bound = this.#voters.get(nodeId)?.bound;
    if (bound?.isNew !== true || this.#isNewCluster) return undefined;
    const { directoryId, controllerListener: listener } = bound;
    return directoryId === undefined || listener === undefined ? undefined : { voter: nodeId, directoryId, listener };
  }

  /** The quorum has taken the new disk for the lost one. */
  gotVote(nodeId: number): void {
    const voter = this.#voters.get(nodeId);
    if (voter?.bound !== undefined) voter.bound = { ...voter.bound, isNew: false };
  }

  /** The node ended before it had bound anything. */
  miss(nodeId: number): void {
    this.#expected.delete(nodeId);
    this.#settle();
  }

  #settle(): void {
    if (this.#expected.size > 0) return;
    // Whoever comes after the first meeting, say with a new disk, finds a cluster that has its voters.
    this.#isNewCluster ||=
      this.#voters.size > 0 && [...this.#voters.values()].every(({ bound }) => bound?.isNew === true);
    this.#markSettled();
  }

  #addresses(): QuorumVoter[] {
    return [...this.#voters].flatMap(([nodeId, { planned, bound }]) => {
      const { host, port } = bound?.controllerListener ?? planned;
      // A new disk of an old voter has no vote; who has not bound any free port cannot be reached.
      if (port === 0 || (bound?.isNew === true && !this.#isNewCluster)) return [];
      return { nodeId, directoryId: bound?.directoryId, host, port };
    });
  }
}
