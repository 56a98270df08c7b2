import { ErrorCode } from '../../protocol/errors.ts';

/** Operations as ACLs number them. */
const Operation = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;

function bits(...operations: readonly number[]): number {
  return operations.reduce((field, operation) => field | (1 << operation), 0);
}

/** "Not asked for", in every response with authorized operations (KIP-430). */
export const NOT_REQUESTED = -0x80000000;

/** Without an authorizer everybody may do everything that applies to a resource. */
export const CLUSTER_OPERATIONS = bits(
  Operation.CREATE,
  Operation.ALTER,
  Operation.DESCRIBE,
  Operation.CLUSTER_ACTION,
  Operation.DESCRIBE_CONFIGS,
  Operation.ALTER_CONFIGS,
  Operation.IDEMPOTENT_WRITE,
);

export const TOPIC_OPERATIONS = bits(
  Operation.READ,
  Operation.WRITE,
  Operation.CREATE,
  Operation.DELETE,
  Operation.ALTER,
  Operation.DESCRIBE,
  Operation.DESCRIBE_CONFIGS,
  Operation.ALTER_CONFIGS,
);

export const GROUP_OPERATIONS = bits(
  Operation.READ,
  Operation.DELETE,
  Operation.DESCRIBE,
  Operation.DESCRIBE_CONFIGS,
  Operation.ALTER_CONFIGS,
);

/** The bits of a resource when they were asked for and the resource could be described. */
export function authorizedOperations(asked: boolean, operations: number, errorCode: number = ErrorCode.NONE): number {
  return asked && errorCode === ErrorCode.NONE ? operations : NOT_REQUESTED;
}
