/** What is wrong with bytes that should have been a Kafka message, or with a message that should become bytes. */
export const ProtocolErrorCode = {
  /** The bytes end before the message does. */
  TRUNCATED: 'TRUNCATED',
  /** The message ends before the bytes do. */
  TRAILING_BYTES: 'TRAILING_BYTES',
  /** A length below what the field allows (below -1, or null where null is not allowed). */
  BAD_LENGTH: 'BAD_LENGTH',
  /** A variable-length integer that is longer than its type. */
  BAD_VARINT: 'BAD_VARINT',
  /** A 64-bit integer beyond what this implementation carries (2^53 - 1). */
  UNSAFE_INTEGER: 'UNSAFE_INTEGER',
  /** Tags not in ascending order, or a tag twice. */
  BAD_TAG: 'BAD_TAG',
  /** A version that the definitions do not hold. */
  UNSUPPORTED_VERSION: 'UNSUPPORTED_VERSION',
  /** A field is set that this version cannot carry, or a value that the field's type cannot hold. */
  UNREPRESENTABLE: 'UNREPRESENTABLE',
} as const;

export type ProtocolErrorCode = (typeof ProtocolErrorCode)[keyof typeof ProtocolErrorCode];

/** Bytes or a message that break the wire format. `code` is stable; the message is for people. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
