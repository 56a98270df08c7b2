import { ErrorCode } from '../../protocol/errors.ts';
import type { FetchPartitionInput, FetchRequestInput } from '../../protocol/generated/fetch-request.ts';
import type { FollowedPartition } from './followed-partition.ts';
import type { ReplicationSettings } from './replication-settings.ts';

/** One request, and what has to be known of it when its answer comes. */
export interface FetchPlan {
  /** Grows with every request of the session's owner. */
  readonly number: number;
  readonly waitMs: number;
  readonly request: FetchRequestInput;
  readonly generation: number;
  readonly isFull: boolean;
}

const OVER: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
]);

/**
 * A fetch session as its client keeps it (KIP-227): the first request names all partitions, later ones only what is different.
 * none → asked (a full request is under way) → open (the leader gave it an id), and back to none when it is lost.
 */
export class FollowerFetchSession {
  readonly #settings: ReplicationSettings;
  readonly #brokerId: number;
  readonly #brokerEpoch: () => number;
  /** 0 while there is none. */
  #id = 0;
  /** One that was given up and that the leader may still keep. */
  #lostId = 0;
  #epoch = 0;
  #generation = 0;
  #number = 0;
  /** The leader has no room for a session: every request is full, and may wait. */
  #isRefused = false;
  /** Partitions whose position is not what the leader knows. */
  readonly #news = new Set<FollowedPartition>();
  readonly #delayed = new Set<FollowedPartition>();
  /** To be taken out of the leader's session, by key. */
  readonly #forgotten = new Map<string, FollowedPartition>();

  constructor(options: { settings: ReplicationSettings; brokerId: number; brokerEpoch: () => number }) {
    this.#settings = options.settings;
    this.#brokerId = options.brokerId;
    this.#brokerEpoch = options.brokerEpoch;
  }

  /** Whether a further request would tell the leader anything, and may be sent behind one that is under way. */
  get hasNews(): boolean {
    return this.#id !== 0 && (this.#news.size > 0 || this.#forgotten.size > 0);
  }

  get delayedCount(): number {
    return this.#delayed.size;
  }

  isDelayed(followed: FollowedPartition): boolean {
    return this.#delayed.has(followed);
  }

  /** The next request has to name this partition. */
  changed(followed: FollowedPartition): void {
    if (!this.#delayed.has(followed)) this.#news.add(followed);
  }

  /** Its log ends elsewhere: answers to what was asked so far do not fit any more. */
  moved(followed: FollowedPartition): void {
    followed.positionSince = this.#number;
    this.changed(followed);
  }

  /** It is fetched no more. */
  leave(followed: FollowedPartition): void {
    this.#news.delete(followed);
    this.#delayed.delete(followed);
    this.#forget(followed);
  }

  /** It is left out until `untilMs`. */
  delay(followed: FollowedPartition, untilMs: number): void {
    followed.delayedUntilMs = untilMs;
    this.#news.delete(followed);
    this.#delayed.add(followed);
    this.#forget(followed);
  }

  resume(followed: FollowedPartition): void {
    if (this.#delayed.delete(followed)) this.#news.add(followed);
  }

  /** Takes back in whose time has come; answers when the next one's comes, Infinity for never. */
  revive(nowMs: number): number {
    let nextMs = Infinity;
    for (const followed of this.#delayed) {
      if (followed.delayedUntilMs <= nowMs) this.resume(followed);
      else nextMs = Math.min(nextMs, followed.delayedUntilMs);
    }
    return nextMs;
  }

  #forget(followed: FollowedPartition): void {
    if (followed.told === undefined) return;
    followed.told = undefined;
    this.#forgotten.set(followed.key, followed);
  }

  /** The next request, with all that is new. */
  next(all: Iterable<FollowedPartition>): FetchPlan {
    const isFull = this.#id === 0;
    const number = this.#number++;
    const topics = new Map<string, FetchPartitionInput[]>();
    for (const followed of isFull ? all : this.#news) {
      if (this.#delayed.has(followed)) continue;
      const position = followed.position();
      if (followed.since > number) followed.since = number;
      followed.told = position;
      this.#forgotten.delete(followed.key);
      add(topics, followed.partition.topicId, {
        ...position,
        partition: followed.partition.partition,
        currentLeaderEpoch: followed.leaderEpoch,
        partitionMaxBytes: this.#settings.fetchMaxBytes,
      });
    }
    this.#news.clear();
    const forgotten = new Map<string, number[]>();
    if (!isFull) {
      for (const { partition } of this.#forgotten.values()) add(forgotten, partition.topicId, partition.partition);
    }
    this.#forgotten.clear();
    // The first answer brings the session: until it is there nothing else can be asked.
    const waitMs = isFull && !this.#isRefused ? 0 : this.#settings.fetchWaitMaxMs;
    return {
      ...{ number, waitMs, isFull, generation: this.#generation },
      request: {
        replicaState: { replicaId: this.#brokerId, replicaEpoch: this.#brokerEpoch() },
        maxWaitMs: waitMs,
        minBytes: this.#settings.fetchMinBytes,
        maxBytes: this.#settings.fetchResponseMaxBytes,
        isolationLevel: 0,
        sessionId: isFull ? this.#lostId : this.#id,
        sessionEpoch: isFull ? 0 : this.#nextEpoch(),
        topics: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })),
        forgottenTopicsData: [...forgotten].map(([topicId, partitions]) => ({ topicId, partitions })),
      },
    };
  }

  #nextEpoch(): number {
    const epoch = this.#epoch;
    this.#epoch = epoch === 0x7fffffff ? 1 : epoch + 1;
    return epoch;
  }

  /** False for a request of a session that was given up. */
  isCurrent(plan: FetchPlan): boolean {
    return plan.generation === this.#generation;
  }

  /** Whether a request failed because the leader does not know the session any more. */
  isOver(errorCode: number): boolean {
    return OVER.has(errorCode);
  }

  onAnswer(plan: FetchPlan, sessionId: number): void {
    if (plan.isFull) {
      this.#id = sessionId;
      this.#lostId = 0;
      this.#epoch = 1;
      this.#isRefused = sessionId === 0;
    } else if (sessionId === 0) this.#id = 0;
  }

  /** The session is lost: all that was told has to be told again. */
  reset(all: Iterable<FollowedPartition>): void {
    this.#generation++;
    if (this.#id !== 0) this.#lostId = this.#id;
    this.#id = 0;
    this.#isRefused = false;
    this.#forgotten.clear();
    for (const followed of all) {
      followed.told = undefined;
      this.changed(followed);
    }
  }
}

function add<T>(byTopic: Map<string, T[]>, topicId: string, value: T): void {
  const values = byTopic.get(topicId);
  if (values === undefined) byTopic.set(topicId, [value]);
  else values.push(value);
}
