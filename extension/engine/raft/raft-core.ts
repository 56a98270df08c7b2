import type { ElectionState } from './election-state.ts';
import { LeaderState } from './leader-state.ts';
import type { ReplicaProgress } from './leader-state.ts';
import type { LeaderAndEpoch, OffsetAndEpoch } from './raft-ports.ts';
import { RaftError, RaftErrorCode } from './raft-ports.ts';
import type { ReplicaKey, VoterSet } from './voter-set.ts';

/** What the driver must do, in this order, before it tells the core anything else. */
export type RaftEffect =
  /** Write `quorum-state` and make it durable. */
  | { readonly type: 'persist'; readonly election: ElectionState }
  /** Append the control records that open an epoch, then call `appended`. */
  | { readonly type: 'openEpoch'; readonly epoch: number; readonly granting: readonly number[] }
  /** Everything below is committed now. */
  | { readonly type: 'commit'; readonly highWatermark: number }
  /** Tell the listener, once everything committed before has been handed over. */
  | { readonly type: 'leader'; readonly leader: LeaderAndEpoch };

/** The parts a node plays. `unattached` knows of no leader; `resigned` led in its epoch and will not again. */
export type RaftRole = 'unattached' | 'candidate' | 'leader' | 'resigned';

export interface RaftCoreOptions {
  readonly self: ReplicaKey;
  readonly voters: VoterSet;
  /** From `quorum-state`. */
  readonly election: ElectionState;
  /** End of the log on disk. */
  readonly logEnd: OffsetAndEpoch;
}

/**
 * The quorum's rules without disk, network or clock: facts go in, effects come out. Transitions:
 *
 *   unattached → candidate        it may vote, and nobody leads
 *   resigned   → candidate        the same, after it led in the epoch that ended
 *   candidate  → leader           a majority voted for it
 *   leader     → resigned         it gives up
 *
 * An epoch is never led twice: becoming candidate takes a new one, and writes it down first.
 */
export class RaftCore {
  readonly self: ReplicaKey;
  #voters: VoterSet;
  #election: ElectionState;
  #role: RaftRole;
  #logEnd: OffsetAndEpoch;
  #leader: LeaderState | undefined;
  #announced = false;
  #granted = new Set<number>();

  constructor(options: RaftCoreOptions) {
    this.self = options.self;
    this.#voters = options.voters;
    this.#logEnd = options.logEnd;
    // A log may be ahead of quorum-state when that file was lost; epochs never go back.
    const { election, logEnd } = options;
    this.#election =
      election.epoch >= logEnd.epoch ? election : { epoch: logEnd.epoch, leaderId: -1, voted: undefined };
    this.#role = this.#election.leaderId === options.self.id ? 'resigned' : 'unattached';
  }

  get role(): RaftRole {
    return this.#role;
  }

  get voters(): VoterSet {
    return this.#voters;
  }

  get epoch(): number {
    return this.#election.epoch;
  }

  get leaderAndEpoch(): LeaderAndEpoch {
    return { leaderId: this.#role === 'resigned' ? -1 : this.#election.leaderId, epoch: this.#election.epoch };
  }

  get highWatermark(): number {
    return this.#leader?.highWatermark ?? -1;
  }

  /** What the leader knows of the voters; empty on others. */
  progress(): readonly ReplicaProgress[] {
    return this.#leader?.progress() ?? [];
  }

  /** The node is up, or its election time-out passed. Only a sole voter elects itself. */
  campaign(): RaftEffect[] {
    if (this.#role === 'leader' || !this.#voters.isOnlyVoter(this.self)) return [];
    this.#role = 'candidate';
    this.#granted = new Set([this.self.id]);
    this.#election = { epoch: this.#election.epoch + 1, leaderId: -1, voted: this.self };
    return [{ type: 'persist', election: this.#election }, ...this.#countVotes()];
  }

  /** Records of the leader's epoch are in the log, not necessarily on disk. */
  appended(logEnd: OffsetAndEpoch): RaftEffect[] {
    if (logEnd.offset < this.#logEnd.offset || logEnd.epoch < this.#logEnd.epoch) {
      throw new Error(`the log went back from ${this.#logEnd.offset} to ${logEnd.offset}`);
    }
    this.#logEnd = logEnd;
    return [];
  }

  /** Everything below `endOffset` survives a loss of power on this node. */
  flushed(endOffset: number, nowMs: number): RaftEffect[] {
    if (this.#leader === undefined || !this.#leader.update(this.self.id, endOffset, nowMs)) return [];
    const effects: RaftEffect[] = [{ type: 'commit', highWatermark: this.#leader.highWatermark }];
    if (!this.#announced) {
      this.#announced = true;
      effects.push({ type: 'leader', leader: this.leaderAndEpoch });
    }
    return effects;
  }

  /** A voters record was appended; it counts from then on, committed or not (KIP-853). */
  setVoters(voters: VoterSet): RaftEffect[] {
    this.#voters = voters;
    if (this.#leader?.setVoters(voters) !== true) return [];
    return [{ type: 'commit', highWatermark: this.#leader.highWatermark }];
  }

  /** Throws RaftError NOT_LEADER unless records may be appended in `epoch`. */
  expectLeader(epoch: number): void {
    if (this.#role === 'leader' && this.#election.epoch === epoch && this.#announced) return;
    const { leaderId } = this.leaderAndEpoch;
    throw new RaftError(
      RaftErrorCode.NOT_LEADER,
      `Node ${this.self.id} does not lead the metadata quorum in epoch ${epoch} (epoch ${this.#election.epoch}, leader ${leaderId}).`,
    );
  }

  /** Gives up leadership in `epoch`; does nothing when it is gone already. */
  resign(epoch: number): RaftEffect[] {
    if (this.#role !== 'leader' || this.#election.epoch !== epoch) return [];
    this.#role = 'resigned';
    this.#leader = undefined;
    return [{ type: 'leader', leader: this.leaderAndEpoch }];
  }

  #countVotes(): RaftEffect[] {
    if (this.#granted.size < this.#voters.majority()) return [];
    const { epoch } = this.#election;
    this.#role = 'leader';
    this.#announced = false;
    this.#leader = new LeaderState(this.self, epoch, this.#logEnd.offset, this.#voters);
    this.#election = { epoch, leaderId: this.self.id, voted: undefined };
    return [
      { type: 'persist', election: this.#election },
      { type: 'openEpoch', epoch, granting: [...this.#granted] },
    ];
  }
}
