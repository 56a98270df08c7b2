import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Logger } from '../common/logger.ts';
import { coded, isOutOfSpace, storageError } from './log-errors.ts';

/** Whether a log is in service, and what takes it out: a disk that fails, or being closed. */
export class LogGuard {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #onFailed: (failure: ApiError) => void;
  #failure: ApiError | undefined;
  #isClosed = false;

  constructor(name: string, logger: Logger, onFailed: (failure: ApiError) => void) {
    this.#name = name;
    this.#logger = logger;
    this.#onFailed = onFailed;
  }

  get failure(): ApiError | undefined {
    return this.#failure;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get inService(): boolean {
    return this.#failure === undefined && !this.#isClosed;
  }

  /** Throws ApiError KAFKA_STORAGE_ERROR unless the log is in service. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed) throw this.closedError();
  }

  closedError(): ApiError {
    return new ApiError(ErrorCode.KAFKA_STORAGE_ERROR, `The log of ${this.#name} is closed.`);
  }

  close(): void {
    this.#isClosed = true;
  }

  /**
   * Runs what touches the disk. A failure takes the log out of service, except for want of space, after which the same
   * may be tried again.
   */
  run<T>(what: string, action: () => T): T {
    return this.runOrFail(what, () => {
      try {
        return action();
      } catch (error) {
        throw isOutOfSpace(error) ? storageError(`${what} ${this.#name} failed`, error) : error;
      }
    });
  }

  /** As {@link run}, for what leaves the log in pieces when it fails half-way. */
  runOrFail<T>(what: string, action: () => T): T {
    this.check();
    try {
      return coded(this.#name, action);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw this.fail(`${what} ${this.#name} failed`, error);
    }
  }

  /** The disk is not to be trusted any more: takes the log out of service. Answers what calls fail with from now on. */
  fail(what: string, cause: unknown): ApiError {
    if (this.#failure === undefined) {
      const failure = storageError(what, cause);
      this.#failure = failure;
      this.#logger.error(`${failure.message}; the partition is offline`, cause);
      this.notify(() => this.#onFailed(failure));
    }
    return this.#failure;
  }

  /** Calls somebody else's code, which must not harm the log. */
  notify(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#logger.error(`A listener of ${this.#name} failed`, error);
    }
  }
}
