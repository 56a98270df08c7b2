import type { Clock, Timer } from '../common/clock.ts';
import type { ConfigResolver } from './config-resolver.ts';
import type { DecidedMetadata } from './decided-metadata.ts';
import { MAX_ELECTIONS_AT_ONCE } from './election-control.ts';

export interface LeaderBalancerOptions {
  readonly clock: Clock;
  readonly resolver: ConfigResolver;
  readonly decided: DecidedMetadata;
  /** Elects preferred leaders; answers how many. */
  readonly elect: () => number;
}

/**
 * While partitions are led by others than their preferred leaders, gives them back every so often
 * (`leader.imbalance.check.interval.seconds`), where `auto.leader.rebalance.enable` says so.
 */
export class LeaderBalancer {
  readonly #options: LeaderBalancerOptions;
  #timer: Timer | undefined;

  constructor(options: LeaderBalancerOptions) {
    this.#options = options;
  }

  /** Something may have changed. */
  watch(): void {
    const { clock, resolver, decided, elect } = this.#options;
    const { index, image } = decided;
    if (this.#timer !== undefined || index.imbalanced.size === 0) return;
    if (resolver.broker(image.configs, 'auto.leader.rebalance.enable') !== 'true') return;
    const intervalMs = resolver.brokerNumber(image.configs, 'leader.imbalance.check.interval.seconds') * 1000;
    const schedule = (delayMs: number): void => {
      this.#timer = clock.schedule(delayMs, () => {
        this.#timer = undefined;
        // One look elects so many at most; the others are not kept waiting.
        if (elect() >= MAX_ELECTIONS_AT_ONCE) schedule(0);
        else this.watch();
      });
    };
    schedule(intervalMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
