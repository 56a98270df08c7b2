/** Why a connection could not be opened, or why it ended. Match on the code; the message is for people. */
export const NetworkErrorCode = {
  /** Nothing listens there. */
  CONNECTION_REFUSED: 'CONNECTION_REFUSED',
  /** The peer closed or reset the connection, or we did. */
  CONNECTION_CLOSED: 'CONNECTION_CLOSED',
  TIMED_OUT: 'TIMED_OUT',
  /** The name has no address. */
  HOST_NOT_FOUND: 'HOST_NOT_FOUND',
  HOST_UNREACHABLE: 'HOST_UNREACHABLE',
  TLS_FAILED: 'TLS_FAILED',
  AUTHENTICATION_FAILED: 'AUTHENTICATION_FAILED',
  /** The peer does not serve the request, or only versions that we do not have. */
  UNSUPPORTED_VERSION: 'UNSUPPORTED_VERSION',
  /** What came back is not a Kafka response. */
  BAD_RESPONSE: 'BAD_RESPONSE',
  /** More requests wait on this connection than it may hold. */
  OVERLOADED: 'OVERLOADED',
} as const;

export type NetworkErrorCode = (typeof NetworkErrorCode)[keyof typeof NetworkErrorCode];

/** A failure between us and one broker. `address` is `host:port`. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode;
  readonly address: string;

  constructor(code: NetworkErrorCode, address: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NetworkError';
    this.code = code;
    this.address = address;
  }

  /** Whether another attempt, perhaps at another broker, may succeed without anybody changing something. */
  get retriable(): boolean {
    return TRANSIENT.has(this.code);
  }
}

const TRANSIENT: ReadonlySet<NetworkErrorCode> = new Set([
  NetworkErrorCode.CONNECTION_REFUSED,
  NetworkErrorCode.CONNECTION_CLOSED,
  NetworkErrorCode.TIMED_OUT,
  NetworkErrorCode.HOST_UNREACHABLE,
]);

/** `host:port`, an IPv6 host in brackets. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Turns what Node's sockets report into a coded error. */
export function networkErrorFrom(cause: unknown, address: string, duringTls: boolean): NetworkError {
  const system = codeOf(cause);
  const options = { cause };
  switch (system) {
    case 'ECONNREFUSED':
      return new NetworkError('CONNECTION_REFUSED', address, `nothing listens on ${address}`, options);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return new NetworkError('HOST_NOT_FOUND', address, `no address is known for the host of ${address}`, options);
    case 'ETIMEDOUT':
      return new NetworkError('TIMED_OUT', address, `${address} did not answer in time`, options);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
      return new NetworkError('HOST_UNREACHABLE', address, `${address} cannot be reached (${system})`, options);
    case 'ECONNRESET':
    case 'EPIPE':
      if (duringTls) return tlsError(address, 'the connection was reset during the handshake', options);
      return new NetworkError('CONNECTION_CLOSED', address, `${address} reset the connection`, options);
    default:
      break;
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  if (duringTls || system.startsWith('ERR_TLS') || system.startsWith('ERR_SSL')) {
    return tlsError(address, text, options);
  }
  return new NetworkError('CONNECTION_CLOSED', address, `the connection to ${address} failed: ${text}`, options);
}

function tlsError(address: string, why: string, options: ErrorOptions): NetworkError {
  return new NetworkError('TLS_FAILED', address, `no TLS connection with ${address}: ${why}`, options);
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return codeOf(cause.errors[0]);
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return '';
}
