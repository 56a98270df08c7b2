import { ErrorCode } from '../protocol/errors.ts';
import { APIS } from '../protocol/generated/apis.ts';
import { apiVersionsRequest } from '../protocol/generated/api-versions-request.ts';
import { apiVersionsResponse, type ApiVersionsResponse } from '../protocol/generated/api-versions-response.ts';
import type { MessageType } from '../protocol/message-type.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Reader } from '../protocol/reader.ts';
import { NetworkError } from './network-error.ts';
import type { SendOptions } from './request-sender.ts';

/** Versions that a broker serves of one API, both ends included. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export interface ClientSoftware {
  readonly name: string;
  readonly version: string;
}

/** Sends ApiVersions in one version and resolves with the response's bytes after the header. */
export type ApiVersionsExchange = (version: number, software: ClientSoftware) => Promise<Reader>;

/**
 * Asks a broker what it serves. A broker that does not know our version of ApiVersions answers in version 0 with error 35
 * and, from KIP-511 on, its own range: the second attempt uses that.
 */
export async function negotiate(
  exchange: ApiVersionsExchange,
  software: ClientSoftware,
  address: string,
): Promise<ApiVersionsResponse> {
  let version = apiVersionsRequest.highestVersion;
  for (let attempt = 0; attempt < 2; attempt++) {
    const reader = await exchange(version, software);
    const response = readResponse(reader, version, address);
    if (response.errorCode === ErrorCode.NONE) return response;
    if (response.errorCode !== ErrorCode.UNSUPPORTED_VERSION || version === 0) break;
    const own = response.apiKeys.find(({ apiKey }) => apiKey === apiVersionsRequest.apiKey);
    version = Math.max(0, Math.min(own?.maxVersion ?? 0, version - 1));
  }
  throw new NetworkError('UNSUPPORTED_VERSION', address, `${address} answers no version of ApiVersions that we know`);
}

function readResponse(reader: Reader, version: number, address: string): ApiVersionsResponse {
  const start = reader.position;
  try {
    const isFallback = reader.int16() === ErrorCode.UNSUPPORTED_VERSION;
    reader.position = start;
    return apiVersionsResponse.read(reader, isFallback ? 0 : version);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new NetworkError('BAD_RESPONSE', address, `${address} does not answer as a Kafka broker does`, { cause });
  }
}

export function versionRanges(response: ApiVersionsResponse): ReadonlyMap<number, VersionRange> {
  return new Map(
    response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]),
  );
}

const STABLE: ReadonlyMap<number, number> = new Map(APIS.map((api) => [api.key, api.highestStableVersion]));

/**
 * The highest version that both sides know and that is not in the making.
 *
 * @throws NetworkError (UNSUPPORTED_VERSION) when there is none
 */
export function commonVersion(
  request: MessageType<unknown, unknown>,
  served: ReadonlyMap<number, VersionRange>,
  options: SendOptions,
  address: string,
): number {
  if (options.version !== undefined) return options.version;
  const name = request.name.replace(/Request$/, '');
  const range = served.get(request.apiKey);
  if (range === undefined) {
    throw new NetworkError('UNSUPPORTED_VERSION', address, `the broker at ${address} does not serve ${name}`);
  }
  const ours = Math.min(STABLE.get(request.apiKey) ?? request.highestVersion, options.maxVersion ?? Infinity);
  const version = Math.min(ours, range.max);
  if (version < request.lowestVersion || version < range.min) {
    throw new NetworkError(
      'UNSUPPORTED_VERSION',
      address,
      `the broker at ${address} serves ${name} in versions ${range.min} to ${range.max}; ` +
        `this request needs ${request.lowestVersion} to ${ours}`,
    );
  }
  return version;
}
