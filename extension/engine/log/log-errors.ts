import { ErrorCode } from '../../protocol/errors.ts';
import { RecordsError } from '../../records/records-error.ts';
import { ApiError } from '../common/api-error.ts';

/** KAFKA_STORAGE_ERROR that says what failed and why. */
export function storageError(what: string, cause: unknown): ApiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ApiError(ErrorCode.KAFKA_STORAGE_ERROR, `${what.charAt(0).toUpperCase()}${what.slice(1)}: ${reason}`);
}

const OUT_OF_SPACE = new Set(['ENOSPC', 'EDQUOT']);

/** Whether a file system's error may go away by itself: somebody makes room. */
export function isOutOfSpace(error: unknown): boolean {
  return OUT_OF_SPACE.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Runs `action`; what is wrong with records becomes the ApiError of the same code. */
export function coded<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof RecordsError) throw new ApiError(error.code, `${name}: ${error.message}`);
    throw error;
  }
}
