/**
 * Bytes that are not the record batch they claim to be. `code` is the Kafka error code that a broker answers with:
 * CORRUPT_MESSAGE for damage, INVALID_RECORD for a sound batch that breaks a rule, UNSUPPORTED_* for what is not read.
 */
export class RecordsError extends Error {
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecordsError';
    this.code = code;
  }
}
