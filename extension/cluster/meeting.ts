import type { NewDisk } from './broker-removal.ts';
import type { BoundNode, BrokerConfigInput, Listener, Peers, QuorumVoter } from '../engine/broker/broker-options.ts';

/**
 * Where the nodes that start together learn each other's ports. Each says what it has bound, and hears who votes once all
 * voters have bound or are known not to come; whoever comes later hears at once where the voters are then.
 */
export class Meeting {
  /** Resolves when every voter is here or absent. */
  readonly everybodySettled: Promise<void>;
  readonly #controllers = new Map<number, Controller>();
  readonly #expected: Set<number>;
  #markSettled: () => void = () => {};
  /** Undefined until everybody is settled. */
  #isNewCluster: boolean | undefined;

  /** `voterIds`: those of `nodes` that vote. Their other controllers may, once there are enough of them. */
  constructor(nodes: readonly BrokerConfigInput[], voterIds: readonly number[]) {
    for (const node of nodes) this.expect(node, voterIds.includes(node.nodeId));
    this.#expected = new Set(this.voterIds);
    this.everybodySettled = new Promise((resolve) => (this.#markSettled = resolve));
    this.#settle();
  }

  get voterIds(): readonly number[] {
    const voters = [...this.#controllers].filter(([, { isVoter }]) => isVoter);
    return voters.map(([id]) => id).sort((a, b) => a - b);
  }

  /** How many nodes are controllers, voters or not. */
  get controllerCount(): number {
    return this.#controllers.size;
  }

  /** A node may come. */
  expect({ nodeId, controllerListener }: BrokerConfigInput, isVoter: boolean): void {
    if (controllerListener === undefined) return;
    this.#controllers.set(nodeId, { planned: controllerListener, bound: undefined, isVoter, hasVote: isVoter });
  }

  /** Who votes and where, once everybody is settled. */
  async arrive(bound: BoundNode): Promise<Peers> {
    const isLate = this.#isNewCluster !== undefined;
    const voter = this.#controllers.get(bound.nodeId);
    if (voter !== undefined) {
      voter.bound = bound;
      // Whoever comes late with a new disk finds a cluster that has its voters.
      if (isLate && bound.isNew) voter.hasVote = false;
    }
    this.#expected.delete(bound.nodeId);
    this.#settle();
    await this.everybodySettled;
    const formsQuorum = this.#isNewCluster === true && !isLate && voter?.isVoter !== false;
    return { voters: this.#addresses(), isNewCluster: formsQuorum };
  }

  /** The disk of a voter that was empty when the cluster had its voters already: it has no vote yet. */
  newDiskOf(nodeId: number): NewDisk | undefined {
    const voter = this.#controllers.get(nodeId);
    return voter?.isVoter === true && !voter.hasVote ? diskOf(nodeId, voter.bound) : undefined;
  }

  /** Controllers that follow, when they make enough voters together with those that vote: two are worse than one. */
  joiners(enough: number): NewDisk[] {
    const present = [...this.#controllers].filter(([, { isVoter, bound }]) => isVoter || bound !== undefined);
    if (present.length < enough) return [];
    return present.flatMap(([nodeId, { isVoter, bound }]) => (isVoter ? [] : (diskOf(nodeId, bound) ?? [])));
  }

  /** The quorum has taken the node's disk. */
  gotVote(nodeId: number): void {
    const voter = this.#controllers.get(nodeId);
    if (voter === undefined) return;
    voter.isVoter = true;
    voter.hasVote = true;
  }

  /** The node ended before it had bound anything. */
  miss(nodeId: number): void {
    this.#expected.delete(nodeId);
    this.#settle();
  }

  /** The node votes no more. */
  forget(nodeId: number): void {
    this.#controllers.delete(nodeId);
    this.miss(nodeId);
  }

  #settle(): void {
    if (this.#expected.size > 0 || this.#isNewCluster !== undefined) return;
    const voters = [...this.#controllers.values()].filter(({ isVoter }) => isVoter);
    const isNewCluster = voters.every(({ bound }) => bound?.isNew === true);
    // Where only some disks are new, these are of voters that lost theirs.
    for (const voter of voters) voter.hasVote = isNewCluster || voter.bound?.isNew !== true;
    this.#isNewCluster = isNewCluster;
    this.#markSettled();
  }

  /** Who has not bound any free port cannot be reached. */
  #addresses(): QuorumVoter[] {
    return [...this.#controllers].flatMap(([nodeId, { planned, bound, hasVote }]) => {
      const { host, port } = bound?.controllerListener ?? planned;
      return port === 0 || !hasVote ? [] : { nodeId, directoryId: bound?.directoryId, host, port };
    });
  }
}

/** What is known of a controller. */
interface Controller {
  readonly planned: Listener;
  /** What it told of itself when it last started. */
  bound: BoundNode | undefined;
  /** It belongs to the quorum, perhaps by a disk that it has lost. */
  isVoter: boolean;
  /** Its disk is one that the quorum knows, or will. */
  hasVote: boolean;
}

function diskOf(voter: number, bound: BoundNode | undefined): NewDisk | undefined {
  const { directoryId, controllerListener: listener } = bound ?? {};
  return directoryId === undefined || listener === undefined ? undefined : { voter, directoryId, listener };
}
