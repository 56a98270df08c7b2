import type { ClusterErrorCode } from '../shared/cluster-protocol.ts';

/** A failure of a cluster operation: `code` for programs, `message` one line for people. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}

const codes: ReadonlySet<string> = new Set<ClusterErrorCode>([
  'PORT_IN_USE',
  'DIRECTORY_LOCKED',
  'DIRECTORY_UNWRITABLE',
  'CLUSTER_ID_MISMATCH',
  'DISK_FULL',
  'CORRUPT_METADATA',
  'BAD_ARGUMENT',
  'UNKNOWN_BROKER',
  'WRONG_STATE',
  'INTERNAL',
]);

export function isClusterErrorCode(value: unknown): value is ClusterErrorCode {
  return typeof value === 'string' && codes.has(value);
}

/** The code that an error carries, `INTERNAL` when it is none of ours (a `BrokerStartError` carries one too). */
export function codeOf(error: unknown): ClusterErrorCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return isClusterErrorCode(code) ? code : 'INTERNAL';
}

/** An error's message as one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}
