import type { LogToRecover } from '../engine/log/log-recovery.ts';

/** What a recovery thread is started with. */
export interface RecoveryWork {
  readonly logs: readonly LogToRecover[];
  readonly producerExpirationMs: number;
  /** Int32, shared by the threads of one run: see {@link NEXT_LOG} and {@link STOPPED}. */
  readonly shared: SharedArrayBuffer;
}

/** The word with the index of the next log that nobody has taken yet. */
export const NEXT_LOG = 0;
/** The word that is 1 once the threads are to stop. */
export const STOPPED = 1;
export const SHARED_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

/** What a recovery thread tells. */
export type RecoveryMessage =
  | { readonly kind: 'recovered'; readonly index: number }
  | { readonly kind: 'failed'; readonly index: number }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string };
