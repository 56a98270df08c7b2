import { ErrorCode, errorName } from '../protocol/errors.ts';
import { saslAuthenticateRequest } from '../protocol/generated/sasl-authenticate-request.ts';
import { saslAuthenticateResponse } from '../protocol/generated/sasl-authenticate-response.ts';
import { saslHandshakeRequest } from '../protocol/generated/sasl-handshake-request.ts';
import { saslHandshakeResponse } from '../protocol/generated/sasl-handshake-response.ts';
import { NetworkError } from './network-error.ts';
import type { RequestSender } from './request-sender.ts';
import { scramClient } from './scram.ts';

export interface OauthToken {
  readonly value: string;
  readonly extensions?: Readonly<Record<string, string>>;
}

export type SaslOptions =
  | { readonly mechanism: 'PLAIN'; readonly username: string; readonly password: string }
  | {
      readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  /** `token` is asked for each connection anew. */
  | { readonly mechanism: 'OAUTHBEARER'; token(): Promise<OauthToken> };

/** The client's side of a mechanism: each answer of the server gives the next message, or null at the end. */
export interface SaslClient {
  start(): Promise<Buffer>;
  /** @throws Error when the server's answer is not to be trusted */
  next(answer: Buffer): Promise<Buffer | null>;
}

/** Logs in over SaslHandshake v1 and SaslAuthenticate. Resolves with the session's lifetime in ms, 0 for none. */
export async function authenticate(connection: RequestSender, sasl: SaslOptions, timeoutMs: number): Promise<number> {
  const { mechanism } = sasl;
  const { address } = connection;
  const options = { timeoutMs };
  const hello = await connection.send(
    saslHandshakeRequest,
    saslHandshakeResponse,
    { mechanism },
    { version: 1, timeoutMs },
  );
  if (hello.errorCode !== ErrorCode.NONE) {
    const offered = hello.mechanisms.length > 0 ? `; it offers ${hello.mechanisms.join(', ')}` : '';
    throw failed(address, `${address} does not take ${mechanism}${offered} (${errorName(hello.errorCode)})`);
  }
  const client = saslClient(sasl);
  let message: Buffer | null = await client.start();
  let lifetimeMs = 0;
  while (message !== null) {
    const authBytes: Buffer = message;
    const answer = await connection.send(saslAuthenticateRequest, saslAuthenticateResponse, { authBytes }, options);
    if (answer.errorCode !== ErrorCode.NONE) {
      throw failed(address, `${address} refused the login: ${answer.errorMessage ?? errorName(answer.errorCode)}`);
    }
    lifetimeMs = answer.sessionLifetimeMs;
    try {
      message = await client.next(answer.authBytes);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw failed(address, `login at ${address}: ${text}`, { cause });
    }
  }
  return lifetimeMs;
}

function failed(address: string, message: string, options?: ErrorOptions): NetworkError {
  return new NetworkError('AUTHENTICATION_FAILED', address, message, options);
}

function saslClient(sasl: SaslOptions): SaslClient {
  switch (sasl.mechanism) {
    case 'PLAIN':
      return oneMessage(Buffer.from(`\0${sasl.username}\0${sasl.password}`));
    case 'SCRAM-SHA-256':
      return scramClient('sha256', sasl.username, sasl.password);
    case 'SCRAM-SHA-512':
      return scramClient('sha512', sasl.username, sasl.password);
    case 'OAUTHBEARER':
      return oauthBearer(sasl.token);
  }
}

function oneMessage(message: Buffer): SaslClient {
  return { start: () => Promise.resolve(message), next: () => Promise.resolve(null) };
}

/** RFC 7628. A refusal comes as a JSON challenge, which has to be answered with one 0x01 before the error follows. */
function oauthBearer(token: () => Promise<OauthToken>): SaslClient {
  return {
    async start() {
      const { value, extensions = {} } = await token();
      const pairs = Object.entries(extensions).map(([key, text]) => `${key}=${text}\x01`);
      return Buffer.from(`n,,\x01auth=Bearer ${value}\x01${pairs.join('')}\x01`);
    },
    next: (answer) => Promise.resolve(answer.length === 0 ? null : Buffer.from([1])),
  };
}
