import { errorName } from '../../protocol/errors.ts';

/** A failure that a client is told as one of Kafka's error codes, with a message for people. */
export class ApiError extends Error {
  /** One of `ErrorCode`. */
  readonly code: number;

  constructor(code: number, message: string = errorName(code)) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}
