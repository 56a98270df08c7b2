import { ErrorCode, errorName } from '../../protocol/errors.ts';
import type { BrokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { Controller } from '../metadata/controller-port.ts';

/** Heartbeats of a controlled shutdown before the broker stops all the same. */
const SHUTDOWN_ATTEMPTS = 50;
const SHUTDOWN_RETRY_MS = 20;

/**
 * A broker's standing with the controller: registered (fenced) → unfenced, once it has caught up with the metadata → kept
 * alive by heartbeats → shutting down, when it has asked to be relieved of its partitions.
 */
export class BrokerLifecycleManager {
  readonly #controller: Controller;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #heartbeatIntervalMs: number;
  readonly #metadataOffset: () => number;
  #registration: { brokerId: number; brokerEpoch: number } | undefined;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: {
    controller: Controller;
    clock: Clock;
    logger: Logger;
    heartbeatIntervalMs: number;
    metadataOffset: () => number;
  }) {
    this.#controller = options.controller;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#heartbeatIntervalMs = options.heartbeatIntervalMs;
    this.#metadataOffset = options.metadataOffset;
  }

  /** -1 before the registration. */
  get brokerEpoch(): number {
    return this.#registration?.brokerEpoch ?? -1;
  }

  /** Registers and waits until the controller lets the broker serve. Rejects with ApiError. */
  async start(registration: BrokerRegistrationRequest): Promise<void> {
    const answer = await this.#controller.registerBroker(registration);
    if (answer.errorCode !== ErrorCode.NONE) {
      throw new ApiError(
        answer.errorCode,
        `the controller refused broker ${registration.brokerId}: ${errorName(answer.errorCode)}`,
      );
    }
    this.#registration = { brokerId: registration.brokerId, brokerEpoch: answer.brokerEpoch ?? -1 };
    while (!this.#ended) {
      const { isFenced, isCaughtUp } = await this.#beat(false);
      if (isFenced === false) break;
      // Publishing is synchronous, so only the controller's own commit can be outstanding.
      if (isCaughtUp !== true) await new Promise<void>((resolve) => this.#clock.defer(resolve));
    }
    this.#schedule();
  }

  /** Gives up leaderships, so that others take over before this broker is gone. Never rejects. */
  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    if (this.#registration === undefined || this.#ended) return;
    try {
      for (let attempt = 0; attempt < SHUTDOWN_ATTEMPTS; attempt++) {
        const { shouldShutDown } = await this.#beat(true);
        if (shouldShutDown === true) break;
        await new Promise<void>((resolve) => this.#clock.schedule(SHUTDOWN_RETRY_MS, resolve));
      }
    } catch (error) {
      this.#logger.warn(`the controller could not be asked for a controlled shutdown: ${String(error)}`);
    }
    this.stop();
  }

  /** No more heartbeats. */
  stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  async #beat(wantShutDown: boolean): Promise<Awaited<ReturnType<Controller['heartbeat']>>> {
    const answer = await this.#controller.heartbeat({
      ...this.#registration!,
      currentMetadataOffset: this.#metadataOffset(),
      wantFence: false,
      wantShutDown,
      offlineLogDirs: [],
      cordonedLogDirs: null,
      unknownTaggedFields: undefined,
    });
    if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode);
    return answer;
  }

  #schedule(): void {
    if (this.#ended) return;
    this.#timer = this.#clock.schedule(this.#heartbeatIntervalMs, () => {
      this.#beat(false).then(
        () => this.#schedule(),
        (error: unknown) => {
          this.#logger.warn(`heartbeat failed: ${String(error)}`);
          this.#schedule();
        },
      );
    });
  }
}
