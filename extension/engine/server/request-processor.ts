import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { requestHeader } from '../../protocol/generated/request-header.ts';
import { ApiKey } from '../../protocol/generated/apis.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import { ApiError } from '../common/api-error.ts';
import type { Logger } from '../common/logger.ts';
import type { AnyApiHandler, RequestContext } from './api-handler.ts';

/** Bytes of a request header before the client id: API key, version, correlation id. */
const FIXED_HEADER_BYTES = 8;

/** The outcome of one request: chunks to send, `undefined` when nothing is to be sent. */
export type ProcessedRequest = readonly Buffer[] | undefined;

/** The request cannot be answered: its connection has to be closed. The message says why. */
export class UnanswerableRequestError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnanswerableRequestError';
  }
}

/** Where a connection came from; the part of a request's context that does not change from request to request. */
export interface Peer {
  readonly clientHost: string;
  readonly listenerName: string;
  readonly connectionId: number;
  readonly principal: string;
  /** See {@link RequestContext.onNextRequest}. */
  readonly onNextRequest?: (fn: () => void) => void;
}

/**
 * Turns one frame into one response: header, body, handler, response header, body. Knows nothing of sockets or of order.
 *
 * A request that cannot be read, an API that is not served and a version that is not served are unanswerable, as in Kafka;
 * but for ApiVersions, whose unknown versions are answered in version 0 with UNSUPPORTED_VERSION (KIP-511).
 */
export class RequestProcessor {
  #handlers: ReadonlyMap<number, AnyApiHandler> = new Map();
  readonly #logger: Logger;

  constructor(handlers: readonly AnyApiHandler[], logger: Logger) {
    this.#logger = logger;
    this.serve(handlers);
  }

  /** From now on these APIs and no others. A listener is bound before it is known what it serves. */
  serve(handlers: readonly AnyApiHandler[]): void {
    this.#handlers = new Map(handlers.map((handler) => [handler.apiKey, handler]));
  }

  /** Whether a frame's API may start while earlier requests of that API still wait for their answers. */
  isPipelined(frame: Buffer): boolean {
    return frame.length >= 2 && this.#handlers.get(frame.readInt16BE(0))?.pipelined === true;
  }

  /** Whether a frame's API has done with the frame's bytes when `process` returns. */
  borrowsRequest(frame: Buffer): boolean {
    return frame.length >= 2 && this.#handlers.get(frame.readInt16BE(0))?.borrowsRequest === true;
  }

  /**
   * @returns the response, or a promise of it when the handler has to wait
   * @throws UnanswerableRequestError, or rejects with it
   */
  process(frame: Buffer, peer: Peer): ProcessedRequest | Promise<ProcessedRequest> {
    if (frame.length < FIXED_HEADER_BYTES) {
      throw new UnanswerableRequestError(`a frame of ${frame.length} bytes is too short for a request header`);
    }
    const apiKey = frame.readInt16BE(0);
    const apiVersion = frame.readInt16BE(2);
    const correlationId = frame.readInt32BE(4);
    const handler = this.#handlers.get(apiKey);
    if (handler === undefined) {
      throw new UnanswerableRequestError(`API key ${apiKey} is not served on listener ${peer.listenerName}`);
    }
    if (apiVersion < handler.lowestVersion || apiVersion > handler.highestVersion) {
      if (apiKey !== ApiKey.ApiVersions) {
        throw new UnanswerableRequestError(
          `version ${apiVersion} of ${handler.request.name} is not served, ` +
            `only ${handler.lowestVersion} to ${handler.highestVersion}`,
        );
      }
      const context = { ...peer, apiKey, apiVersion, correlationId, clientId: null };
      const body: unknown = handler.failed!(ErrorCode.UNSUPPORTED_VERSION, undefined, context, null);
      return encodeResponse(handler, correlationId, 0, body);
    }
    const { request, clientId } = readRequest(handler, frame, apiVersion);
    const context: RequestContext = { ...peer, apiKey, apiVersion, correlationId, clientId };
    let result: unknown;
    try {
      result = handler.handle(request, context);
    } catch (error) {
      return this.#failed(handler, request, context, error);
    }
    if (!(result instanceof Promise)) return this.#respond(handler, request, context, result);
    return result.then(
      (body: unknown) => this.#respond(handler, request, context, body),
      (error: unknown) => this.#failed(handler, request, context, error),
    );
  }

  #respond(handler: AnyApiHandler, request: unknown, context: RequestContext, body: unknown): ProcessedRequest {
    if (body === undefined) return undefined;
    try {
      return encodeResponse(handler, context.correlationId, context.apiVersion, body);
    } catch (error) {
      return this.#failed(handler, request, context, error);
    }
  }

  #failed(handler: AnyApiHandler, request: unknown, context: RequestContext, error: unknown): ProcessedRequest {
    if (error instanceof UnanswerableRequestError) throw error;
    const expected = error instanceof ApiError;
    const code = expected ? error.code : ErrorCode.UNKNOWN_SERVER_ERROR;
    const what = `${handler.request.name} v${context.apiVersion} from ${context.clientId ?? 'a client'} at ${context.clientHost}`;
    if (!expected) this.#logger.error(`${what} failed`, error);
    if (handler.failed === undefined) {
      throw new UnanswerableRequestError(`${what} failed: ${expected ? errorName(code) : String(error)}`, {
        cause: error,
      });
    }
    const message = expected && error.message !== errorName(code) ? error.message : null;
    const body: unknown = handler.failed(code, request, context, message);
    return encodeResponse(handler, context.correlationId, context.apiVersion, body);
  }
}

function readRequest(
  handler: AnyApiHandler,
  frame: Buffer,
  apiVersion: number,
): { request: unknown; clientId: string | null } {
  try {
    const reader = new Reader(frame);
    const header = requestHeader.read(reader, apiVersion >= handler.request.firstFlexibleVersion ? 2 : 1);
    const request: unknown = handler.request.read(reader, apiVersion);
    reader.expectEnd(handler.request.name);
    return { request, clientId: header.clientId };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new UnanswerableRequestError(`${handler.request.name} v${apiVersion} cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

function encodeResponse(handler: AnyApiHandler, correlationId: number, apiVersion: number, body: unknown): Buffer[] {
  const writer = new Writer();
  const setSize = writer.sizePrefix();
  writer.int32(correlationId);
  // The header of an ApiVersions response never has tagged fields: its reader does not know the version yet.
  if (apiVersion >= handler.response.firstFlexibleVersion && handler.apiKey !== ApiKey.ApiVersions) {
    writer.unsignedVarint(0);
  }
  handler.response.write(writer, body, apiVersion);
  setSize();
  return writer.chunks();
}
