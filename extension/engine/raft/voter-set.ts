import type { VoterEndpoint } from './raft-ports.ts';

/** A voter is a node with a disk: the same node with another directory is another voter (KIP-853). */
export interface ReplicaKey {
  readonly id: number;
  /** Undefined where voters are configured (kraft.version 0). */
  readonly directoryId: string | undefined;
}

/** Whether two keys mean the same replica; a directory id counts only where both sides have one. */
export function sameReplica(a: ReplicaKey, b: ReplicaKey): boolean {
  return (
    a.id === b.id && (a.directoryId === undefined || b.directoryId === undefined || a.directoryId === b.directoryId)
  );
}

/** Where a voter can be reached now, and which disk it has: what nodes that start together tell each other. */
export interface VoterAddress {
  readonly nodeId: number;
  /** Of the directory that holds its metadata log; undefined where that was formatted without ids (kraft.version 0). */
  readonly directoryId: string | undefined;
  readonly host: string;
  readonly port: number;
}

/** One voter as the voters record has it. */
export interface VoterNode extends ReplicaKey {
  readonly endpoints: readonly VoterEndpoint[];
  /** Range of kraft.version that the node supports. */
  readonly minKRaftVersion: number;
  readonly maxKRaftVersion: number;
}

/** Who votes. Immutable; by id in ascending order. */
export class VoterSet {
  readonly #voters: ReadonlyMap<number, VoterNode>;

  constructor(voters: readonly VoterNode[]) {
    const sorted = [...voters].sort((a, b) => a.id - b.id);
    this.#voters = new Map(sorted.map((voter) => [voter.id, voter]));
    if (this.#voters.size < voters.length) throw new Error('a voter set has one id twice');
  }

  get size(): number {
    return this.#voters.size;
  }

  ids(): number[] {
    return [...this.#voters.keys()];
  }

  nodes(): VoterNode[] {
    return [...this.#voters.values()];
  }

  get(id: number): VoterNode | undefined {
    return this.#voters.get(id);
  }

  /** Whether the replica votes; a directory id counts only where both sides have one. */
  isVoter(key: ReplicaKey): boolean {
    const voter = this.#voters.get(key.id);
    if (voter === undefined) return false;
    return voter.directoryId === undefined || key.directoryId === undefined || voter.directoryId === key.directoryId;
  }

  isOnlyVoter(key: ReplicaKey): boolean {
    return this.#voters.size === 1 && this.isVoter(key);
  }

  /** How many votes make a majority. */
  majority(): number {
    return Math.floor(this.#voters.size / 2) + 1;
  }

  /** The set with this voter's entry replaced; the voter must be in it. */
  withUpdated(voter: VoterNode): VoterSet {
    return new VoterSet(this.nodes().map((each) => (each.id === voter.id ? voter : each)));
  }
}

/** Whether two entries say the same about a voter. */
export function sameVoter(a: VoterNode, b: VoterNode): boolean {
  return (
    a.id === b.id &&
    a.directoryId === b.directoryId &&
    a.minKRaftVersion === b.minKRaftVersion &&
    a.maxKRaftVersion === b.maxKRaftVersion &&
    a.endpoints.length === b.endpoints.length &&
    a.endpoints.every((endpoint, index) => {
      const other = b.endpoints[index];
      return endpoint.name === other?.name && endpoint.host === other.host && endpoint.port === other.port;
    })
  );
}
