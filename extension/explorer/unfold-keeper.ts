import { systemClock } from './refresh-loop.ts';
import type { Clock } from './refresh-loop.ts';

/** A redraw that began so long ago may still be under way in the window. */
const redrawMs = 1000;
/** After this, what the redraw did to a row can be seen. */
const settleMs = 250;

/**
 * Opens again what a redraw folded up. VS Code loses an unfolding that falls into the redraw of a row above
 * (microsoft/vscode#153982) and tells nobody, so a row that was opened meanwhile is opened once more a little later, which
 * changes nothing where it is open.
 */
export class UnfoldKeeper<T> {
  readonly #open: (row: T) => void;
  readonly #clock: Clock;
  readonly #waiting = new Map<T, { cancel(): void }>();
  #redrawnMs = -Infinity;

  constructor(open: (row: T) => void, clock: Clock = systemClock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Rows are about to be drawn again. */
  redraws(): void {
    this.#redrawnMs = this.#clock.nowMs();
  }

  unfolded(row: T): void {
    if (this.#clock.nowMs() - this.#redrawnMs > redrawMs) return;
    this.folded(row);
    const openAgain = (): void => {
      this.#waiting.delete(row);
      this.#open(row);
    };
    this.#waiting.set(row, this.#clock.after(settleMs, openAgain));
  }

  /** By the person: it stays so. */
  folded(row: T): void {
    this.#waiting.get(row)?.cancel();
    this.#waiting.delete(row);
  }

  dispose(): void {
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }
}
