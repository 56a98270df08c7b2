import { ErrorCode } from '../../protocol/errors.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { RecordsError } from '../../records/records-error.ts';
import { ApiError } from '../common/api-error.ts';

/** Any failure as one with an error code; what has none is UNKNOWN_SERVER_ERROR. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RecordsError) return new ApiError(error.code, error.message);
  const message = error instanceof Error ? error.message : String(error);
  // A text too long for the record format, say: the request's fault.
  if (error instanceof ProtocolError) return new ApiError(ErrorCode.INVALID_REQUEST, message);
  return new ApiError(ErrorCode.UNKNOWN_SERVER_ERROR, message);
}

/**
 * What a group member is told when the coordinator's log refuses an append: clients know how to react to coordinator
 * errors, not to those of a log.
 */
export function appendErrorToResponseError(code: number): number {
  switch (code) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.FENCED_LEADER_EPOCH:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
    case ErrorCode.INVALID_FETCH_SIZE:
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    case ErrorCode.NETWORK_EXCEPTION:
      return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    default:
      return code;
  }
}

/** The code that a response carries for `error`. */
export function responseErrorCode(error: unknown): number {
  return appendErrorToResponseError(toApiError(error).code);
}
