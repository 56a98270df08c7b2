import type { ApiError } from '../common/api-error.ts';

/**
 * What a request handler of a coordinator answers: the records that make its decision durable, and the response that
 * goes out once they are committed.
 */
export interface CoordinatorResult<T, R> {
  readonly records: readonly R[];
  readonly response: T;
  /**
   * Whether appending is followed by `replay(record)`, as it is by default. Classic groups say false: their state
   * machine is in memory and the record is a picture of it.
   */
  readonly replay?: boolean;
  /** Whether all records must go into one batch, as by default; false for clean-ups that may be long. */
  readonly isAtomic?: boolean;
  /** Called once, before the response goes out: when the records are committed, or could not be. */
  readonly onAppended?: (error: ApiError | undefined) => void;
}

const empty = { records: [], response: undefined } as const;

/** Nothing to write, nothing to say. */
export function emptyResult<R>(): CoordinatorResult<void, R> {
  return empty;
}

/** A response without records: it goes out when all that was written before it is committed. */
export function responseOnly<T, R>(response: T): CoordinatorResult<T, R> {
  return { records: [], response };
}
