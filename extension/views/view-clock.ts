import type { FeedClock } from './offsets/offsets-feed.ts';

/** The clock of this machine. */
export const systemClock: FeedClock = {
  nowMs: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};
