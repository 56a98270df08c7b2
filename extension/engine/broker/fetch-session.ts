import { ErrorCode } from '../../protocol/errors.ts';
import type { FetchRequest } from '../../protocol/generated/fetch-request.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import { type Random, ZERO_UUID } from '../common/random.ts';

/** What a fetch asks of one partition, and what its session last told about it. */
export interface FetchTarget {
  /** Name as far as it is known: a request from version 13 on gives only the id. */
  topic: string;
  /** {@link ZERO_UUID} when the request gave the name. */
  topicId: string;
  readonly partition: number;
  fetchOffset: number;
  currentLeaderEpoch: number;
  lastFetchedEpoch: number;
  /** The follower's own log start offset; -1 from consumers. */
  logStartOffset: number;
  maxBytes: number;
  /** The high watermark that a follower knows already (KIP-1166); Long.MAX_VALUE when it does not say. */
  knownHighWatermark: number;
  /** As last sent in this session; a partition is left out of an incremental answer while nothing differs. */
  sentHighWatermark: number;
  sentLogStartOffset: number;
  sentError: number;
  /** Whether what was sent is remembered. */
  inSession: boolean;
}

/** What a partition's answer holds, as far as a session has to know. */
export interface FetchOutcome {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly hasRecords: boolean;
  /** Diverging epoch, preferred read replica and the like: always worth sending. */
  readonly hasNews: boolean;
}

/** The partitions of one fetch, and what becomes of its answer. */
export interface FetchContext {
  /** 0 without a session. */
  readonly sessionId: number;
  readonly targets: readonly FetchTarget[];
  /** Whether a partition belongs into this answer; records what the session has then told. */
  include(target: FetchTarget, outcome: FetchOutcome): boolean;
}

const FINAL_EPOCH = -1;
const INITIAL_EPOCH = 0;

class FetchSession {
  readonly id: number;
  readonly privileged: boolean;
  readonly usesTopicIds: boolean;
  readonly partitions = new Map<string, FetchTarget>();
  epoch = 1;
  readonly createdMs: number;
  lastUsedMs: number;

  constructor(id: number, privileged: boolean, usesTopicIds: boolean, nowMs: number) {
    this.id = id;
    this.privileged = privileged;
    this.usesTopicIds = usesTopicIds;
    this.createdMs = nowMs;
    this.lastUsedMs = nowMs;
  }
}

/**
 * Incremental fetch sessions (KIP-227): a client names its partitions once and then only what changed; answers hold only
 * the partitions with something new. Bounded: when all slots are taken, a session idle for the eviction time makes room
 * (followers' sessions displace consumers'), else the client is served without one.
 */
export class FetchSessionCache {
  readonly #sessions = new Map<number, FetchSession>();
  readonly #slots: number;
  readonly #evictionMs: number;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: { slots: number; evictionMs: number; clock: Clock; random: Random }) {
    this.#slots = options.slots;
    this.#evictionMs = options.evictionMs;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The context of one request.
   *
   * @throws ApiError FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR
   */
  open(request: FetchRequest, apiVersion: number, isFollower: boolean): FetchContext {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== 0) this.#sessions.delete(sessionId);
      const targets = new Map<string, FetchTarget>();
      merge(targets, request);
      const session = sessionEpoch === FINAL_EPOCH ? undefined : this.#create(isFollower, apiVersion >= 13, targets);
      return fullContext(session?.id ?? 0, targets);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw new ApiError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.epoch !== sessionEpoch) throw new ApiError(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    if (session.usesTopicIds !== apiVersion >= 13) throw new ApiError(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    merge(session.partitions, request, true);
    for (const topic of request.forgottenTopicsData) {
      for (const partition of topic.partitions) {
        session.partitions.delete(keyOf(topic.topicId, topic.topic, partition));
      }
    }
    if (session.partitions.size === 0) {
      this.#sessions.delete(session.id);
      return fullContext(0, session.partitions);
    }
    session.epoch = session.epoch === 0x7fffffff ? 1 : session.epoch + 1;
    session.lastUsedMs = this.#clock.monotonicMs();
    return incrementalContext(session);
  }

  #create(privileged: boolean, usesTopicIds: boolean, targets: Map<string, FetchTarget>): FetchSession | undefined {
    if (targets.size === 0 || !this.#makeRoom(privileged)) return undefined;
    let id: number;
    do id = 1 + this.#random.int(0x7ffffffe);
    while (this.#sessions.has(id));
    const session = new FetchSession(id, privileged, usesTopicIds, this.#clock.monotonicMs());
    for (const [key, target] of targets) {
      target.inSession = true;
      session.partitions.set(key, target);
    }
    this.#sessions.set(id, session);
    return session;
  }

  #makeRoom(privileged: boolean): boolean {
    if (this.#sessions.size < this.#slots) return true;
    const now = this.#clock.monotonicMs();
    let victim: FetchSession | undefined;
    for (const session of this.#sessions.values()) {
      const stale = now - session.lastUsedMs > this.#evictionMs;
      const displaced = privileged && !session.privileged && now - session.createdMs > this.#evictionMs;
      if ((stale || displaced) && (victim === undefined || session.lastUsedMs < victim.lastUsedMs)) victim = session;
    }
    return victim !== undefined && this.#sessions.delete(victim.id);
  }
}

function keyOf(topicId: string, topic: string, partition: number): string {
  return `${topicId === ZERO_UUID ? topic : topicId}/${partition}`;
}

/** Adds what a request names to the partitions of a session, or changes what it asks of them. */
function merge(targets: Map<string, FetchTarget>, request: FetchRequest, inSession = false): void {
  for (const topic of request.topics) {
    for (const asked of topic.partitions) {
      const key = keyOf(topic.topicId, topic.topic, asked.partition);
      const known = targets.get(key);
      if (known === undefined) {
        targets.set(key, {
          topic: topic.topic,
          topicId: topic.topicId,
          partition: asked.partition,
          fetchOffset: asked.fetchOffset,
          currentLeaderEpoch: asked.currentLeaderEpoch,
          lastFetchedEpoch: asked.lastFetchedEpoch,
          logStartOffset: asked.logStartOffset,
          maxBytes: asked.partitionMaxBytes,
          knownHighWatermark: asked.highWatermark,
          sentHighWatermark: -1,
          sentLogStartOffset: -1,
          sentError: ErrorCode.NONE,
          inSession,
        });
      } else {
        known.fetchOffset = asked.fetchOffset;
        known.currentLeaderEpoch = asked.currentLeaderEpoch;
        known.lastFetchedEpoch = asked.lastFetchedEpoch;
        known.logStartOffset = asked.logStartOffset;
        known.maxBytes = asked.partitionMaxBytes;
        known.knownHighWatermark = asked.highWatermark;
      }
    }
  }
}

function note(target: FetchTarget, outcome: FetchOutcome): void {
  // A follower that has to cut its log first does not take the watermark over: it is to be told again.
  target.sentHighWatermark = outcome.hasNews ? -1 : outcome.highWatermark;
  target.sentLogStartOffset = outcome.logStartOffset;
  target.sentError = outcome.errorCode;
}

function fullContext(sessionId: number, targets: ReadonlyMap<string, FetchTarget>): FetchContext {
  return {
    sessionId,
    targets: [...targets.values()],
    include(target, outcome) {
      note(target, outcome);
      return true;
    },
  };
}

function incrementalContext(session: FetchSession): FetchContext {
  const { partitions } = session;
  return {
    sessionId: session.id,
    targets: [...partitions.values()],
    include(target, outcome) {
      const changed =
        outcome.highWatermark !== target.sentHighWatermark || outcome.logStartOffset !== target.sentLogStartOffset;
      const include =
        outcome.hasRecords ||
        outcome.hasNews ||
        changed ||
        outcome.errorCode !== ErrorCode.NONE ||
        // The client has to learn that an error is over.
        target.sentError !== ErrorCode.NONE;
      note(target, outcome);
      if (outcome.hasRecords) {
        // To the back of the line, so that busy partitions at the front do not starve the others.
        const key = keyOf(target.topicId, target.topic, target.partition);
        partitions.delete(key);
        partitions.set(key, target);
      }
      return include;
    },
  };
}
