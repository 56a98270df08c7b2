import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { ClusterImage } from '../metadata/metadata-image.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import type { IsrDecision, IsrProposal } from './alter-partition-manager.ts';
import { type FetchingFollower, FollowerReplica } from './follower-replica.ts';

/** What all partitions of a broker share. */
export interface ReplicationContext {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `replica.lag.time.max.ms` */
  readonly lagTimeMaxMs: number;
  /** -1 before the broker has registered. */
  brokerEpoch(): number;
  cluster(): ClusterImage;
  proposeIsr(proposal: IsrProposal): void;
}

/** The partition that is led, as its leader sees it. */
export interface LedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  readonly minInsyncReplicas: number;
  /** The high watermark, a follower's log start or the ISR has changed. */
  changed(): void;
}

/** After an error that says nothing of what became of a proposal. */
const RETRY_MS = 50;

/** Whether the proposal took effect these do not say; the metadata will. */
const AWAIT_METADATA: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.NEW_LEADER_ELECTED,
  ErrorCode.INVALID_UPDATE_VERSION,
  ErrorCode.INVALID_REQUEST,
]);
/** The controller has left everything as it was. */
const NOT_ATTEMPTED: ReadonlySet<number> = new Set([ErrorCode.INELIGIBLE_REPLICA, ErrorCode.OPERATION_NOT_ATTEMPTED]);

/**
 * The leader's part of one partition in one leader epoch: what it knows of its followers, the ISR, and the high watermark that
 * follows from both.
 *
 * The ISR is *committed* (the controller's word), or a change of it is *pending*: proposed, and neither granted nor refused.
 * While an expansion is pending the new members count for the high watermark already, while a shrinkage is pending the
 * old ones still do (the *maximal* ISR): whichever way the controller decides, nothing that is committed is missing
 * from a member. committed → pending (a proposal leaves) → committed (granted, refused, or overtaken by the metadata).
 */
export class PartitionLeader {
  readonly leaderEpoch: number;
  /** Where the log ended when the epoch began: followers have to come this far before they are in sync. */
  readonly epochStartOffset: number;
  readonly #context: ReplicationContext;
  readonly #led: LedPartition;
  #followers: readonly FollowerReplica[];
  #isr: readonly number[];
  #partitionEpoch: number;
  #pending: { readonly maximalIsr: readonly number[] } | undefined;

  /** `previous` is this broker's leadership of the epochs before, when nobody else has led since. */
  constructor(
    context: ReplicationContext,
    led: LedPartition,
    registration: PartitionRegistration,
    previous: PartitionLeader | undefined,
  ) {
    this.#context = context;
    this.#led = led;
    this.leaderEpoch = registration.leaderEpoch;
    this.epochStartOffset = led.log.logEndOffset;
    this.#isr = registration.isr;
    this.#partitionEpoch = registration.partitionEpoch;
    this.#followers = previous?.followers ?? [];
    this.#assign(registration);
    const nowMs = context.clock.monotonicMs();
    for (const follower of this.#followers) {
      follower.resume(nowMs, this.epochStartOffset, this.#isr.includes(follower.brokerId));
    }
  }

  /** As the controller has committed it. */
  get isr(): readonly number[] {
    return this.#isr;
  }

  /** All who may be in the ISR, whatever the controller says of a pending change. */
  get maximalIsr(): readonly number[] {
    return this.#pending?.maximalIsr ?? this.#isr;
  }

  get partitionEpoch(): number {
    return this.#partitionEpoch;
  }

  get followers(): readonly FollowerReplica[] {
    return this.#followers;
  }

  get isUnderMinIsr(): boolean {
    return this.#isr.length < this.minIsr;
  }

  /** `min.insync.replicas`, but never more than there are replicas. */
  get minIsr(): number {
    return Math.min(this.#led.minInsyncReplicas, this.#followers.length + 1);
  }

  /** The metadata have moved on within this leader epoch. */
  update(registration: PartitionRegistration): void {
    this.#assign(registration);
    if (registration.partitionEpoch > this.#partitionEpoch) {
      this.#partitionEpoch = registration.partitionEpoch;
      this.#isr = registration.isr;
      this.#pending = undefined;
    }
    this.advanceHighWatermark();
    this.expandIsr();
  }

  #assign({ replicas }: PartitionRegistration): void {
    const { brokerId } = this.#context;
    const known = new Map(this.#followers.map((follower) => [follower.brokerId, follower]));
    this.#followers = replicas.flatMap((id) => (id === brokerId ? [] : [known.get(id) ?? new FollowerReplica(id)]));
  }

  follower(brokerId: number): FollowerReplica | undefined {
    return this.#followers.find((follower) => follower.brokerId === brokerId);
  }

  /**
   * A follower asks for what comes after `fetchOffset`, and so has everything before.
   *
   * @throws ApiError UNKNOWN_LEADER_EPOCH for one that is no replica, as far as this broker has heard;
   *   NOT_LEADER_OR_FOLLOWER for a process that another one has replaced
   */
  onFollowerFetch({ brokerId, brokerEpoch }: FetchingFollower, fetchOffset: number, logStartOffset: number): void {
    const follower = this.follower(brokerId);
    if (follower === undefined) throw new ApiError(ErrorCode.UNKNOWN_LEADER_EPOCH);
    const endBefore = follower.logEndOffset;
    const startBefore = follower.logStartOffset;
    const leaderEndOffset = this.#led.log.logEndOffset;
    const nowMs = this.#context.clock.monotonicMs();
    if (!follower.onFetch(brokerEpoch, fetchOffset, logStartOffset, leaderEndOffset, nowMs)) {
      throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    }
    if (this.#pending === undefined && !this.#isr.includes(brokerId)) this.expandIsr(brokerId);
    const advanced = endBefore !== fetchOffset && this.advanceHighWatermark();
    if (advanced || startBefore !== logStartOffset) this.#led.changed();
  }

  /** A follower fetched at `atMs`, when nothing had happened here since it had caught up. */
  onFollowerIdle(brokerId: number, atMs: number): void {
    this.follower(brokerId)?.onIdle(atMs);
  }

  /** What all of the (maximal) ISR have is committed. False when the high watermark stays. */
  advanceHighWatermark(): boolean {
    if (this.isUnderMinIsr) return false;
    const { log } = this.#led;
    const endOffset = log.logEndOffset;
    let offset = endOffset;
    if (this.#followers.length > 0) {
      const maximalIsr = this.maximalIsr;
      const nowMs = this.#context.clock.monotonicMs();
      for (const follower of this.#followers) {
        if (follower.logEndOffset >= offset) continue;
        // One that is about to join is waited for, or it would never get hold of a high watermark that runs ahead of it.
        const counts =
          maximalIsr.includes(follower.brokerId) ||
          (follower.isCaughtUp(endOffset, nowMs, this.#context.lagTimeMaxMs) && this.#isEligible(follower));
        if (counts) offset = follower.logEndOffset;
      }
    }
    if (offset <= log.highWatermark) return false;
    log.updateHighWatermark(offset);
    return true;
  }

  /**
   * Asks for followers to be let into the ISR that have caught up with the high watermark and with this epoch: the one that
   * has just fetched, and others that are in step.
   */
  expandIsr(fetchingId?: number): void {
    if (this.#pending !== undefined || this.#isr.length > this.#followers.length) return;
    const { clock, lagTimeMaxMs } = this.#context;
    const { logEndOffset } = this.#led.log;
    const nowMs = clock.monotonicMs();
    const joining = this.#followers.filter(
      (follower) =>
        !this.#isr.includes(follower.brokerId) &&
        (follower.brokerId === fetchingId || follower.isCaughtUp(logEndOffset, nowMs, lagTimeMaxMs)) &&
        this.#isInSync(follower) &&
        this.#isEligible(follower),
    );
    if (joining.length > 0) this.#propose([...this.#isr, ...joining.map(({ brokerId }) => brokerId)]);
  }

  /** Asks for followers to be taken out of the ISR that were not in step for `replica.lag.time.max.ms`. */
  shrinkIsr(nowMs: number): void {
    if (this.#pending !== undefined || this.#isr.length <= 1) return;
    const { lagTimeMaxMs } = this.#context;
    const endOffset = this.#led.log.logEndOffset;
    const late = this.#followers.filter(
      (follower) => this.#isr.includes(follower.brokerId) && !follower.isCaughtUp(endOffset, nowMs, lagTimeMaxMs),
    );
    if (late.length === 0) return;
    const ids = late.map(({ brokerId }) => brokerId);
    this.#context.logger.info(
      `${this.#led.topic}-${this.#led.partition}: ${ids.join(', ')} not in step for ${lagTimeMaxMs} ms, to leave the ISR ` +
        `[${this.#isr.join()}]; the leader is at ${endOffset}, they at ${late.map((follower) => follower.logEndOffset).join(', ')}`,
    );
    this.#propose(this.#isr.filter((id) => !ids.includes(id)));
  }

  /** The lowest log start of the replicas that are alive: nothing below it is anywhere. */
  get lowWatermark(): number {
    const cluster = this.#context.cluster();
    let lowest = this.#led.log.logStartOffset;
    for (const { brokerId, logStartOffset } of this.#followers) {
      if (cluster.aliveBroker(brokerId) !== undefined) lowest = Math.min(lowest, logStartOffset);
    }
    return lowest;
  }

  #isInSync({ logEndOffset }: FollowerReplica): boolean {
    return logEndOffset >= this.#led.log.highWatermark && logEndOffset >= this.epochStartOffset;
  }

  /** The controller lets only brokers into the ISR that are alive, mean to stay, and are the process that fetched. */
  #isEligible({ brokerId, brokerEpoch }: FollowerReplica): boolean {
    const broker = this.#context.cluster().aliveBroker(brokerId);
    if (broker === undefined || broker.inControlledShutdown || brokerEpoch === undefined) return false;
    return brokerEpoch === -1 || brokerEpoch === broker.epoch;
  }

  #propose(isr: readonly number[]): void {
    const { topicId, partition } = this.#led;
    const pending = { maximalIsr: isr.length > this.#isr.length ? isr : this.#isr };
    this.#pending = pending;
    const proposal: IsrProposal = {
      ...{ topicId, partition, leaderEpoch: this.leaderEpoch, partitionEpoch: this.#partitionEpoch },
      isr: isr.map((brokerId) => ({ brokerId, brokerEpoch: this.#brokerEpochOf(brokerId) })),
      decided: (decision) => {
        if (this.#pending === pending) this.#decided(decision, proposal);
      },
    };
    this.#context.proposeIsr(proposal);
  }

  #brokerEpochOf(brokerId: number): number {
    if (brokerId === this.#context.brokerId) return this.#context.brokerEpoch();
    return this.follower(brokerId)?.brokerEpoch ?? -1;
  }

  #decided(decision: IsrDecision, proposal: IsrProposal): void {
    const { topic, partition } = this.#led;
    const { errorCode, partitionEpoch, leaderEpoch } = decision;
    if (errorCode === ErrorCode.NONE) {
      if (leaderEpoch !== this.leaderEpoch || partitionEpoch < this.#partitionEpoch) return;
      this.#isr = decision.isr;
      this.#partitionEpoch = partitionEpoch;
      this.#pending = undefined;
      this.advanceHighWatermark();
      this.expandIsr();
      this.#led.changed();
      return;
    }
    this.#context.logger.debug(
      `${topic}-${partition}: ISR [${newIsrOf(proposal)}] was refused: ${errorName(errorCode)}`,
    );
    if (AWAIT_METADATA.has(errorCode)) return;
    if (NOT_ATTEMPTED.has(errorCode)) {
      this.#pending = undefined;
      return;
    }
    const pending = this.#pending;
    this.#context.clock.schedule(RETRY_MS, () => {
      if (this.#pending === pending) this.#context.proposeIsr(proposal);
    });
  }

  /** Leads no more: what the controller still says does not count. */
  retire(): void {
    this.#pending = undefined;
  }
}

function newIsrOf({ isr }: IsrProposal): string {
  return isr.map(({ brokerId }) => brokerId).join();
}
