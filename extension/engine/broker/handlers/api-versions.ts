import { ErrorCode } from '../../../protocol/errors.ts';
import { ApiKey } from '../../../protocol/generated/apis.ts';
import { apiVersionsRequest } from '../../../protocol/generated/api-versions-request.ts';
import {
  apiVersionsResponse,
  type ApiVersionsResponseInput,
} from '../../../protocol/generated/api-versions-response.ts';
import { type AnyApiHandler, type ApiHandler, defineHandler } from '../../server/api-handler.ts';

/** A feature with the levels that this software can run, as ApiVersions reports it (KIP-584). */
export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface FinalizedFeatures {
  /** Offset of the metadata that says so. */
  readonly epoch: number;
  readonly levels: ReadonlyMap<string, number>;
}

/** What KIP-511 allows in the name and version of a client's software. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/**
 * ApiVersions, versions 0–4. 3: client software name and version (KIP-511), features (KIP-584). 4: features whose lowest
 * level is 0 are reported too. An unknown version is answered in version 0 with UNSUPPORTED_VERSION and the whole list.
 *
 * Produce is advertised from version 0 although the lowest served is 3: librdkafka decides by the lowest version whether
 * it may compress (KAFKA-18659).
 */
export function apiVersionsHandler(
  served: () => readonly AnyApiHandler[],
  supported: readonly SupportedFeature[],
  finalized: () => FinalizedFeatures,
): ApiHandler<unknown, ApiVersionsResponseInput> {
  function answer(errorCode: number, apiVersion: number): ApiVersionsResponseInput {
    const apiKeys = served()
      .map((handler) => ({
        apiKey: handler.apiKey,
        minVersion: handler.apiKey === ApiKey.Produce ? 0 : handler.lowestVersion,
        maxVersion: handler.highestVersion,
      }))
      .sort((a, b) => a.apiKey - b.apiKey);
    if (errorCode !== ErrorCode.NONE || apiVersion < 3) return { errorCode, apiKeys };
    const { epoch, levels } = finalized();
    return {
      errorCode,
      apiKeys,
      supportedFeatures: supported.filter((feature) => apiVersion >= 4 || feature.minVersion > 0),
      finalizedFeaturesEpoch: epoch,
      finalizedFeatures: [...levels].map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
    };
  }
  return defineHandler(apiVersionsRequest, apiVersionsResponse, {
    handle(request, { apiVersion }) {
      const named =
        apiVersion < 3 || (SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion));
      return named ? answer(ErrorCode.NONE, apiVersion) : { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
    },
    failed: (code) => answer(code, 0),
  }) as ApiHandler<unknown, ApiVersionsResponseInput>;
}
