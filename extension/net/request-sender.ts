import type { MessageType } from '../protocol/message-type.ts';

/** What to ask, as it is or made for the version that both sides know. */
export type RequestBody<I> = I | ((version: number) => I);

export interface SendOptions {
  /** This version and no other; by default the highest that both sides know. */
  readonly version?: number;
  /** The highest version to use, where a newer one would need what the caller does not have. */
  readonly maxVersion?: number;
  /** How long to wait for the response, in place of the connection's own limit. */
  readonly timeoutMs?: number;
}

/** One peer that answers Kafka requests. */
export interface RequestSender {
  readonly address: string;

  /** The version that {@link send} would use. Throws a NetworkError (UNSUPPORTED_VERSION) when there is none. */
  versionOf(request: MessageType<unknown, unknown>, options?: SendOptions): number;

  /** Rejects with a NetworkError when no response comes, with a ProtocolError when the body does not fit the version. */
  send<T, I>(
    request: MessageType<unknown, I>,
    response: MessageType<T, unknown>,
    body: RequestBody<I>,
    options?: SendOptions,
  ): Promise<T>;
}
