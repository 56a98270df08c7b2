import { ErrorCode } from '../../protocol/errors.ts';
import type { FetchRequest } from '../../protocol/generated/fetch-request.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import { type Random, ZERO_UUID } from '../common/random.ts';
import type { Partition } from './partition.ts';

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
  /** When it was last read: where what may be read ended, and in which leader epoch; -1 before, and after an error. */
  seenEnd: number;
  seenLeaderEpoch: number;
}

/** Told of a partition that has changed. */
export type Wake = (target: FetchTarget, partition: Partition) => void;

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
  /** Whether there is nothing to ask for at all. */
  readonly isEmpty: boolean;
  /**
   * The partitions to read now: all, or in a session those of which something may be new. Each has to be given back with
   * {@link looked}.
   */
  take(): readonly FetchTarget[];
  /** Before a partition is read: in a session it is known from now on when it changes. */
  watch(target: FetchTarget, partition: Partition): void;
  /** A partition was read; `isDone` when there is nothing more to have until it changes. */
  looked(target: FetchTarget, isDone: boolean): void;
  /**
   * Calls `wake` for each partition that changes, at once for those that have changed since they were read; undefined ends it.
   * False where partitions have to be watched one by one.
   */
  onChange(wake: Wake | undefined): boolean;
  /** Whether a partition belongs into this answer; records what the session has then told. */
  include(target: FetchTarget, outcome: FetchOutcome): boolean;
}

const FINAL_EPOCH = -1;
const INITIAL_EPOCH = 0;

/** Partitions are looked at after so long also when nobody said that they changed: their log start moves in silence. */
const SWEEP_MS = 5000;

/** One client's partitions. Only those that may have something new are looked at: a fetch costs as much as it finds. */
class FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  readonly partitions = new Map<string, FetchTarget>();
  /** The follower that fetches; -1 for a consumer. */
  readonly #followerId: number;
  /** Those that may have something new, those that were served last at the end. */
  readonly #touched = new Set<FetchTarget>();
  readonly #watched = new Map<FetchTarget, { readonly partition: Partition; readonly stop: () => void }>();
  readonly createdMs: number;
  #wake: Wake | undefined;
  #sweptMs: number;
  epoch = 1;
  lastUsedMs: number;

  constructor(id: number, followerId: number, usesTopicIds: boolean, nowMs: number) {
    this.id = id;
    this.#followerId = followerId;
    this.usesTopicIds = usesTopicIds;
    this.createdMs = nowMs;
    this.lastUsedMs = nowMs;
    this.#sweptMs = nowMs;
  }

  get isPrivileged(): boolean {
    return this.#followerId >= 0;
  }

  set(key: string, target: FetchTarget): void {
    target.inSession = true;
    this.partitions.set(key, target);
    this.#touched.add(target);
  }

  remove(key: string): void {
    const target = this.partitions.get(key);
    if (target === undefined) return;
    this.partitions.delete(key);
    this.#touched.delete(target);
    this.#watched.get(target)?.stop();
    this.#watched.delete(target);
  }

  touch(target: FetchTarget): void {
    this.#touched.add(target);
  }

  /** To the back of the line, so that busy partitions at the front do not starve the others. */
  toBack(target: FetchTarget): void {
    if (this.#touched.delete(target)) this.#touched.add(target);
  }

  take(): FetchTarget[] {
    if (this.lastUsedMs - this.#sweptMs >= SWEEP_MS) {
      this.#sweptMs = this.lastUsedMs;
      for (const target of this.partitions.values()) this.#touched.add(target);
    }
    const targets = [...this.#touched];
    this.#touched.clear();
    return targets;
  }

  watch(target: FetchTarget, partition: Partition): void {
    const watched = this.#watched.get(target);
    if (watched?.partition === partition) return;
    watched?.stop();
    const stop = partition.watch(() => this.#changed(target, partition));
    this.#watched.set(target, { partition, stop });
  }

  #changed(target: FetchTarget, partition: Partition): void {
    if (!this.#touched.has(target)) {
      this.#touched.add(target);
      // Up to its last fetch the follower had all that there was, which nobody noted while nothing happened.
      if (this.isPrivileged) partition.leader?.onFollowerIdle(this.#followerId, this.lastUsedMs);
    }
    this.#wake?.(target, partition);
  }

  onChange(wake: Wake | undefined): void {
    this.#wake = wake;
    if (wake === undefined) return;
    for (const target of this.#touched) {
      const watched = this.#watched.get(target);
      if (watched !== undefined) wake(target, watched.partition);
    }
  }

  close(): void {
    for (const { stop } of this.#watched.values()) stop();
    this.#watched.clear();
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
   * The context of one request; `followerId` is -1 for a consumer.
   *
   * @throws ApiError FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR
   */
  open(request: FetchRequest, apiVersion: number, followerId: number): FetchContext {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== 0) this.#end(sessionId);
      const targets = new Map<string, FetchTarget>();
      merge(targets, request);
      const session = sessionEpoch === FINAL_EPOCH ? undefined : this.#create(followerId, apiVersion >= 13, targets);
      return session === undefined ? sessionless([...targets.values()]) : inSession(session, true);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw new ApiError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.epoch !== sessionEpoch) throw new ApiError(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    if (session.usesTopicIds !== apiVersion >= 13) throw new ApiError(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    merge(session.partitions, request, session);
    for (const topic of request.forgottenTopicsData) {
      for (const partition of topic.partitions) session.remove(keyOf(topic.topicId, topic.topic, partition));
    }
    if (session.partitions.size === 0) {
      this.#end(session.id);
      return sessionless([]);
    }
    session.epoch = session.epoch === 0x7fffffff ? 1 : session.epoch + 1;
    session.lastUsedMs = this.#clock.monotonicMs();
    return inSession(session, false);
  }

  #end(sessionId: number): boolean {
    this.#sessions.get(sessionId)?.close();
    return this.#sessions.delete(sessionId);
  }

  #create(followerId: number, usesTopicIds: boolean, targets: Map<string, FetchTarget>): FetchSession | undefined {
    if (targets.size === 0 || !this.#makeRoom(followerId >= 0)) return undefined;
    let id: number;
    do id = 1 + this.#random.int(0x7ffffffe);
    while (this.#sessions.has(id));
    const session = new FetchSession(id, followerId, usesTopicIds, this.#clock.monotonicMs());
    for (const [key, target] of targets) session.set(key, target);
    this.#sessions.set(id, session);
    return session;
  }

  #makeRoom(privileged: boolean): boolean {
    if (this.#sessions.size < this.#slots) return true;
    const now = this.#clock.monotonicMs();
    let victim: FetchSession | undefined;
    for (const session of this.#sessions.values()) {
      const stale = now - session.lastUsedMs > this.#evictionMs;
      const displaced = privileged && !session.isPrivileged && now - session.createdMs > this.#evictionMs;
      if ((stale || displaced) && (victim === undefined || session.lastUsedMs < victim.lastUsedMs)) victim = session;
    }
    return victim !== undefined && this.#end(victim.id);
  }
}

function keyOf(topicId: string, topic: string, partition: number): string {
  return `${topicId === ZERO_UUID ? topic : topicId}/${partition}`;
}

/** Adds what a request names to `targets`, those of `session` when there is one, or changes what it asks of them. */
function merge(targets: Map<string, FetchTarget>, request: FetchRequest, session?: FetchSession): void {
  for (const topic of request.topics) {
    for (const asked of topic.partitions) {
      const key = keyOf(topic.topicId, topic.topic, asked.partition);
      const known = targets.get(key);
      if (known === undefined) {
        const target = {
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
          inSession: false,
          seenEnd: -1,
          seenLeaderEpoch: -1,
        };
        if (session === undefined) targets.set(key, target);
        else session.set(key, target);
      } else {
        // A follower takes nothing over from an answer to what it asked before an election, or before it cut its log.
        const isAnew = asked.currentLeaderEpoch !== known.currentLeaderEpoch || asked.fetchOffset < known.fetchOffset;
        if (isAnew) known.sentHighWatermark = -1;
        known.fetchOffset = asked.fetchOffset;
        known.currentLeaderEpoch = asked.currentLeaderEpoch;
        known.lastFetchedEpoch = asked.lastFetchedEpoch;
        known.logStartOffset = asked.logStartOffset;
        known.maxBytes = asked.partitionMaxBytes;
        known.knownHighWatermark = asked.highWatermark;
        session?.touch(known);
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

function sessionless(targets: readonly FetchTarget[]): FetchContext {
  return {
    sessionId: 0,
    isEmpty: targets.length === 0,
    take: () => targets,
    watch() {},
    looked() {},
    onChange: () => false,
    include: () => true,
  };
}

function inSession(session: FetchSession, isFirst: boolean): FetchContext {
  return {
    sessionId: session.id,
    isEmpty: false,
    take: () => session.take(),
    watch: (target, partition) => session.watch(target, partition),
    looked(target, isDone) {
      if (!isDone) session.touch(target);
    },
    onChange(wake) {
      session.onChange(wake);
      return true;
    },
    include(target, outcome) {
      const hasChanged =
        isFirst ||
        outcome.highWatermark !== target.sentHighWatermark ||
        outcome.logStartOffset !== target.sentLogStartOffset;
      // The client has to learn that an error is over, too.
      const isError = outcome.errorCode !== ErrorCode.NONE || target.sentError !== ErrorCode.NONE;
      note(target, outcome);
      if (outcome.hasRecords) session.toBack(target);
      return hasChanged || isError || outcome.hasRecords || outcome.hasNews;
    },
  };
}
