import { ErrorCode, errorName } from '../../protocol/errors.ts';
import type { BrokerHeartbeatResponseInput } from '../../protocol/generated/broker-heartbeat-response.ts';
import type { BrokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import { NodeUnreachableError } from '../common/network.ts';
import type { Controller } from '../metadata/controller-port.ts';

/** How long a broker asks to be relieved of its partitions before it stops all the same. */
const SHUTDOWN_LIMIT_MS = 5_000;
/** The same while nobody answers: without a quorum there is nobody to ask. */
const SHUTDOWN_UNANSWERED_LIMIT_MS = 1_000;
const SHUTDOWN_RETRY_MS = 20;
/** How often a process may take its registration back from an earlier one; those are few. */
const RENEWALS_MAX = 3;
/** Between attempts while the broker waits for the controller, doubled up to the second. */
const FIRST_RETRY_MS = 5;
const MAX_RETRY_MS = 200;

export interface BrokerLifecycleOptions {
  readonly controller: Controller;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `broker.heartbeat.interval.ms` */
  readonly heartbeatIntervalMs: number;
  /** `initial.broker.registration.timeout.ms` */
  readonly registrationTimeoutMs: number;
  /** How far the metadata are replayed here. */
  readonly metadataOffset: () => number;
  /** Ids of log directories that failed. */
  readonly offlineLogDirs: () => readonly string[];
  /** Ids of those that shall get no further replicas (KIP-1066); null while there is nothing to say of that. */
  readonly cordonedLogDirs: () => readonly string[] | null;
}

/**
 * A broker's standing with the controller. Legal transitions:
 *
 *     new → registered (fenced) → serving → relinquishing → ended
 *
 * `serving` brokers send heartbeats; one that was fenced meanwhile, say after a pause, is unfenced by its next heartbeat.
 */
export class BrokerLifecycleManager {
  readonly #options: BrokerLifecycleOptions;
  #request: BrokerRegistrationRequest | undefined;
  #registration: { brokerId: number; brokerEpoch: number } | undefined;
  #renewals = 0;
  #timer: Timer | undefined;
  #relinquished: Promise<void> | undefined;
  #isFenced = true;
  #ended = false;
  #failures = 0;

  constructor(options: BrokerLifecycleOptions) {
    this.#options = options;
  }

  /** -1 before the registration. */
  get brokerEpoch(): number {
    return this.#registration?.brokerEpoch ?? -1;
  }

  /** As the controller last said. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /**
   * Registers, with patience: there may be no controller yet. Rejects with ApiError when the controller refuses for good, and
   * REQUEST_TIMED_OUT when nobody answered in time.
   */
  async register(registration: BrokerRegistrationRequest): Promise<void> {
    const { clock, controller, registrationTimeoutMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + registrationTimeoutMs;
    this.#request = registration;
    let waitMs = FIRST_RETRY_MS;
    for (;;) {
      let problem: string;
      try {
        const answer = await controller.registerBroker(registration);
        if (this.#ended) return;
        if (answer.errorCode === ErrorCode.NONE) {
          this.#registration = { brokerId: registration.brokerId, brokerEpoch: answer.brokerEpoch ?? -1 };
          return;
        }
        throw new ApiError(answer.errorCode);
      } catch (error) {
        problem = describe(error);
        if (!isWorthWaiting(error)) throw refused(registration.brokerId, error);
      }
      if (clock.monotonicMs() + waitMs > deadlineMs) {
        throw new ApiError(
          ErrorCode.REQUEST_TIMED_OUT,
          `broker ${registration.brokerId} could not be registered within ${registrationTimeoutMs} ms: ${problem}`,
        );
      }
      await this.#pause(waitMs);
      if (this.#ended) return;
      waitMs = Math.min(waitMs * 2, MAX_RETRY_MS);
    }
  }

  /** Sends heartbeats until the controller lets the broker serve, and from then on. Rejects with ApiError. */
  async serve(): Promise<void> {
    let waitMs = FIRST_RETRY_MS;
    while (!this.#ended) {
      try {
        const { isFenced, isCaughtUp } = await this.#beat(false);
        if (isFenced === false) break;
        // What is not replayed here yet is on its way.
        if (isCaughtUp !== true) waitMs = FIRST_RETRY_MS;
      } catch (error) {
        const isRenewed = await this.#renewAfter(error);
        if (!isRenewed && !isWorthWaiting(error)) throw refused(this.#registration?.brokerId ?? -1, error);
      }
      await this.#pause(waitMs);
      waitMs = Math.min(waitMs * 2, MAX_RETRY_MS);
    }
    this.#schedule(this.#options.heartbeatIntervalMs);
  }

  /** Says at once what a heartbeat has to say: a log directory failed, another controller took over. */
  beatNow(): void {
    if (this.#timer === undefined || this.#relinquished !== undefined) return;
    this.#schedule(0);
  }

  /** Gives up leaderships, so that others take over before this broker is gone. Never rejects. */
  relinquish(): Promise<void> {
    this.#relinquished ??= this.#relinquish();
    return this.#relinquished;
  }

  async #relinquish(): Promise<void> {
    this.#timer?.cancel();
    if (this.#registration === undefined || this.#ended) return;
    const { clock, logger } = this.#options;
    const startMs = clock.monotonicMs();
    let answeredMs = startMs;
    let problem = 'partitions could not be moved';
    while (!this.#ended) {
      const nowMs = clock.monotonicMs();
      if (nowMs - startMs > SHUTDOWN_LIMIT_MS || nowMs - answeredMs > SHUTDOWN_UNANSWERED_LIMIT_MS) {
        logger.warn(`broker ${this.#registration.brokerId} stops without the controller's consent: ${problem}`);
        break;
      }
      try {
        const { shouldShutDown } = await this.#beat(true);
        if (shouldShutDown === true) break;
        answeredMs = clock.monotonicMs();
      } catch (error) {
        problem = describe(error);
        if (!isWorthWaiting(error)) answeredMs = -Infinity;
      }
      await this.#pause(SHUTDOWN_RETRY_MS);
    }
  }

  /** No more heartbeats. */
  stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  async #beat(wantShutDown: boolean): Promise<BrokerHeartbeatResponseInput> {
    const { controller, metadataOffset, offlineLogDirs } = this.#options;
    const cordonedLogDirs = this.#options.cordonedLogDirs();
    const answer = await controller.heartbeat({
      ...this.#registration!,
      currentMetadataOffset: metadataOffset(),
      wantFence: false,
      wantShutDown,
      offlineLogDirs: [...offlineLogDirs()],
      cordonedLogDirs: cordonedLogDirs === null ? null : [...cordonedLogDirs],
      unknownTaggedFields: undefined,
    });
    if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode);
    this.#isFenced = answer.isFenced ?? true;
    return answer;
  }

  /**
   * What an earlier process of this broker asked for before it died may reach the controller after this one's registration, and take
   * its place: then this one registers again. Kafka's brokers stay fenced. Answers whether to go on.
   */
  async #renewAfter(error: unknown): Promise<boolean> {
    const request = this.#request;
    const isStale = error instanceof ApiError && error.code === ErrorCode.STALE_BROKER_EPOCH;
    if (!isStale || request === undefined || this.#ended || this.#renewals >= RENEWALS_MAX) return false;
    this.#renewals++;
    const { controller, logger } = this.#options;
    logger.warn(`another process of broker ${request.brokerId} took its registration; registering again`);
    try {
      const answer = await controller.registerBroker(request);
      if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode);
      this.#registration = { brokerId: request.brokerId, brokerEpoch: answer.brokerEpoch ?? -1 };
    } catch (failure) {
      logger.debug(`it could not be registered: ${describe(failure)}`);
      if (!isWorthWaiting(failure)) return false;
      // Nobody has decided yet.
      this.#renewals--;
    }
    return true;
  }

  #schedule(delayMs: number): void {
    if (this.#ended || this.#relinquished !== undefined) return;
    this.#timer?.cancel();
    const timer = this.#options.clock.schedule(delayMs, () => void this.#tick(timer));
    this.#timer = timer;
  }

  async #tick(timer: Timer): Promise<void> {
    const { heartbeatIntervalMs, logger } = this.#options;
    let nextMs = heartbeatIntervalMs;
    try {
      await this.#beat(false);
      this.#failures = 0;
      if (this.#isFenced) nextMs = Math.min(MAX_RETRY_MS, heartbeatIntervalMs);
    } catch (error) {
      // The first failure is ordinary: the controller has moved.
      if (++this.#failures === 2) logger.warn(`heartbeats fail: ${describe(error)}`);
      await this.#renewAfter(error);
      nextMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS, heartbeatIntervalMs);
    }
    // Another one was scheduled meanwhile.
    if (this.#timer === timer) this.#schedule(nextMs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.schedule(ms, resolve));
  }
}

/** Whether time may help: no controller yet, or the session of this broker's earlier life has to end. */
function isWorthWaiting(error: unknown): boolean {
  if (error instanceof NodeUnreachableError) return error.kind !== 'unsupported';
  if (!(error instanceof ApiError)) return false;
  return WAITING_HELPS.has(error.code);
}

const WAITING_HELPS: ReadonlySet<number> = new Set([
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.DUPLICATE_BROKER_REGISTRATION,
]);

function refused(brokerId: number, error: unknown): Error {
  if (!(error instanceof ApiError)) return error as Error;
  return new ApiError(error.code, `the controller refused broker ${brokerId}: ${describe(error)}`);
}

function describe(error: unknown): string {
  if (error instanceof ApiError && error.message === '') return errorName(error.code);
  return error instanceof Error ? error.message : String(error);
}
