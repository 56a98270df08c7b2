/** A timer that can be taken back. Cancelling one that already fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the engine sees it. Production passes {@link systemClock}; simulations pass one that they advance themselves.
 * Nothing else in the engine may call `Date.now`, `performance.now`, `setTimeout` or `setImmediate`.
 */
export interface Clock {
  /** Wall clock in milliseconds since the epoch; may jump either way. For record timestamps and nothing else. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For time-outs and intervals. */
  monotonicMs(): number;
  /** Calls `fn` once, `delayMs` from now. Does not keep a process alive by itself. */
  schedule(delayMs: number, fn: () => void): Timer;
  /** Calls `fn` once, after what is queued now has run: the end of this turn of the event loop. */
  defer(fn: () => void): void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, fn) {
    // setTimeout overflows past 2^31 - 1 ms and would then fire at once.
    const timer = setTimeout(fn, Math.min(delayMs, 0x7fffffff));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  defer: (fn) => void setImmediate(fn),
};
