import type { Clock, Timer } from '../../common/clock.ts';
import type { ElectionState } from '../election-state.ts';
import type { QuorumStateFile } from './quorum-state-file.ts';

/** What waits for the next write is written after this time. */
const LATER_MS = 50;

/** Writes `quorum-state`: what is urgent at once, the rest soon, so that an election does not wait for the disk in vain. */
export class ElectionStore {
  readonly #file: QuorumStateFile;
  readonly #clock: Clock;
  readonly #onFailed: (error: unknown) => void;
  #waiting: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(file: QuorumStateFile, clock: Clock, onFailed: (error: unknown) => void) {
    this.#file = file;
    this.#clock = clock;
    this.#onFailed = onFailed;
  }

  /** Durable when it returns if `urgent`. Throws what the file system throws. */
  save(election: ElectionState, kraftVersion: number, voters: readonly number[], urgent: boolean): void {
    this.#waiting = () => this.#file.write(election, kraftVersion, voters);
    if (urgent) return this.flush();
    this.#timer ??= this.#clock.schedule(LATER_MS, () => {
      try {
        this.flush();
      } catch (error) {
        this.#onFailed(error);
      }
    });
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const write = this.#waiting;
    this.#waiting = undefined;
    write?.();
  }

  /** Nothing is written any more. */
  abandon(): void {
    this.#timer?.cancel();
    this.#waiting = undefined;
  }
}
