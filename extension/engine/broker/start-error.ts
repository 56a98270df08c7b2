import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { MetadataError } from '../metadata/metadata-error.ts';
import { RaftError, RaftErrorCode } from '../raft/raft-ports.ts';
import { BrokerStartError } from './broker-options.ts';
import type { ClusterErrorCode } from '../../shared/cluster-protocol.ts';

const BY_ERRNO: Readonly<Record<string, ClusterErrorCode>> = {
  EACCES: 'DIRECTORY_UNWRITABLE',
  EPERM: 'DIRECTORY_UNWRITABLE',
  EROFS: 'DIRECTORY_UNWRITABLE',
  ENOTDIR: 'DIRECTORY_UNWRITABLE',
  EEXIST: 'DIRECTORY_UNWRITABLE',
  EIO: 'DIRECTORY_UNWRITABLE',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
};

/** Why a broker did not start, with a code that whoever started it can act on and one line for people. */
export function startError(error: unknown, logDirs: readonly string[]): BrokerStartError {
  if (error instanceof BrokerStartError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RaftError) {
    if (error.code === RaftErrorCode.INCONSISTENT_DIRECTORY) {
      return new BrokerStartError('CLUSTER_ID_MISMATCH', message, { cause: error });
    }
    if (error.code === RaftErrorCode.CORRUPT_METADATA) {
      return new BrokerStartError('CORRUPT_METADATA', message, { cause: error });
    }
  }
  if (error instanceof ApiError && error.code === ErrorCode.INVALID_CONFIG) {
    return new BrokerStartError('BAD_ARGUMENT', message, { cause: error });
  }
  if (error instanceof MetadataError) return new BrokerStartError('CORRUPT_METADATA', message, { cause: error });
  const errno = errnoOf(error);
  const code = errno === undefined ? undefined : BY_ERRNO[errno];
  // Without any other directory the broker starts all the same.
  const first = logDirs.length > 1 ? `${logDirs[0]}, which holds the metadata log,` : logDirs[0];
  if (code === 'DISK_FULL') {
    return new BrokerStartError(code, `The disk of ${logDirs.join(', ')} is full; free some space and start again`, {
      cause: error,
    });
  }
  if (code !== undefined) {
    return new BrokerStartError(code, `${first} cannot be written to (${errno}); choose another data directory`, {
      cause: error,
    });
  }
  return new BrokerStartError('INTERNAL', message, { cause: error });
}

/** The system's error code, of the error itself or of what caused it. */
function errnoOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!(cause instanceof ApiError) && typeof code === 'string' && code in BY_ERRNO) return code;
  }
  return undefined;
}
