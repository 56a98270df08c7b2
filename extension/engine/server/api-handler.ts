import type { MessageType } from '../../protocol/message-type.ts';

/** What a handler knows of where a request came from. */
export interface RequestContext {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** The peer's address without its port. */
  readonly clientHost: string;
  /** Name of the listener that took the connection, e.g. `PLAINTEXT`. */
  readonly listenerName: string;
  /** Unlike any other connection's, for as long as the server runs. */
  readonly connectionId: number;
  /** `User:ANONYMOUS` without authentication. */
  readonly principal: string;
  /**
   * For a request that waits while the connection stands still: calls `fn` once when the peer has sent another one behind it, now or
   * before this one is answered.
   */
  readonly onNextRequest?: (fn: () => void) => void;
}

/** An answer: now, later, or (undefined) none at all, as for Produce with acks=0. */
export type HandlerResult<O> = O | undefined | Promise<O | undefined>;

/**
 * One API of one listener. `handle` throws (or rejects with) `ApiError` only when the whole request fails; `failed` then
 * makes the answer, and for any other exception too; `message` is what the error says beyond its code. A handler without `failed` has its connection closed instead.
 */
export interface ApiHandler<I = unknown, O = unknown> {
  readonly apiKey: number;
  readonly lowestVersion: number;
  readonly highestVersion: number;
  readonly request: MessageType<I, never>;
  readonly response: MessageType<unknown, O>;
  /** Requests of this API may start before an earlier one of the same API on the connection has been answered. */
  readonly pipelined?: boolean;
  /**
   * When `handle` returns it has copied all it needs of the request's bytes (records, byte arrays). Others have their
   * request copied before; this one reads it where it was received, which is overwritten afterwards.
   */
  readonly borrowsRequest?: boolean;
  handle(request: I, context: RequestContext): HandlerResult<O>;
  failed?(code: number, request: I, context: RequestContext, message: string | null): O;
}

/** A handler whatever its messages; the table that holds it pairs each with the right codec. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a handler is contravariant in its request
export type AnyApiHandler = ApiHandler<any, any>;

/** What {@link defineHandler} takes: the versions default to all that the definitions hold. */
export interface HandlerDefinition<I, O> {
  readonly lowestVersion?: number;
  readonly highestVersion?: number;
  readonly pipelined?: boolean;
  readonly borrowsRequest?: boolean;
  handle(request: I, context: RequestContext): HandlerResult<O>;
  failed?(code: number, request: I, context: RequestContext, message: string | null): O;
}

/** Ties a handler to the codecs of its request and response, and checks that their types agree. */
export function defineHandler<I, II, R, O>(
  request: MessageType<I, II>,
  response: MessageType<R, O>,
  definition: HandlerDefinition<I, O>,
): ApiHandler<I, O> {
  return {
    apiKey: request.apiKey,
    lowestVersion: definition.lowestVersion ?? request.lowestVersion,
    highestVersion: definition.highestVersion ?? request.highestVersion,
    request,
    response,
    ...(definition.pipelined === undefined ? {} : { pipelined: definition.pipelined }),
    ...(definition.borrowsRequest === undefined ? {} : { borrowsRequest: definition.borrowsRequest }),
    handle: (message, context) => definition.handle(message, context),
    ...(definition.failed === undefined
      ? {}
      : { failed: (code, request, context, message) => definition.failed!(code, request, context, message) }),
  };
}
