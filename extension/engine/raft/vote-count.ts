import { RequestRound } from './request-round.ts';
import type { VoterSet } from './voter-set.ts';

/** One election, or the question whether it would be worth one: who was asked, who said yes and who said no. */
export class VoteCount {
  readonly requests: RequestRound;
  readonly #voters: VoterSet;
  readonly #granted: Set<number>;
  readonly #rejected = new Set<number>();

  constructor(selfId: number, voters: VoterSet, nowMs: number, maxRetryMs: number) {
    this.#voters = voters;
    this.#granted = new Set(voters.ids().filter((id) => id === selfId));
    this.requests = new RequestRound(
      voters.ids().filter((id) => id !== selfId),
      nowMs,
      maxRetryMs,
    );
  }

  record(id: number, granted: boolean): void {
    this.requests.answered(id);
    (granted ? this.#granted : this.#rejected).add(id);
  }

  /** In ascending order, this node among them if it votes. */
  get granted(): number[] {
    return [...this.#granted].sort((a, b) => a - b);
  }

  /** How many voters are known to be there. */
  get answered(): number {
    return this.#granted.size + this.#rejected.size;
  }

  get isWon(): boolean {
    return this.#granted.size >= this.#voters.majority();
  }

  /** Those who have not said no are no majority any more. */
  get isLost(): boolean {
    return this.#voters.size - this.#rejected.size < this.#voters.majority();
  }
}
