import { ApiKey } from '../../protocol/generated/apis.ts';
import { updateFeaturesRequest } from '../../protocol/generated/update-features-request.ts';
import { updateFeaturesResponse } from '../../protocol/generated/update-features-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { kafkaErrorOrNull, type KafkaError } from '../kafka-error.ts';

export interface Feature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The level in force; 0 where the feature is off. */
  readonly level: number;
}

export interface FeatureDescription {
  /** What the node supports, ascending by name. */
  readonly features: readonly Feature[];
  /** Of the levels in force; null where the node does not know them. */
  readonly epoch: number | null;
}

/** Features as one node sees them: any, or the given one. */
export async function describeFeatures(client: ClusterClient, nodeId: number | undefined): Promise<FeatureDescription> {
  const connection = nodeId === undefined ? await client.anyConnection() : await client.connectionTo(nodeId);
  const { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = connection.negotiated;
  const levels = new Map(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
  const features = supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
    name,
    minVersion,
    maxVersion,
    level: levels.get(name) ?? 0,
  }));
  return {
    features: features.sort((a, b) => (a.name < b.name ? -1 : 1)),
    epoch: finalizedFeaturesEpoch < 0 ? null : finalizedFeaturesEpoch,
  };
}

const UPGRADE_TYPES = { upgrade: 1, safeDowngrade: 2, unsafeDowngrade: 3 } as const;

/** `unsafeDowngrade` may lose metadata. */
export type UpgradeType = keyof typeof UPGRADE_TYPES;

export interface FeatureUpdate {
  readonly name: string;
  /** 0 turns the feature off. */
  readonly level: number;
  readonly type: UpgradeType;
}

export interface FeatureOutcome {
  readonly name: string;
  readonly error: KafkaError | null;
}

const TIMEOUT_MS = 60_000;

/** Changes levels, all or none (each by itself in clusters before 4.0). */
export async function updateFeatures(
  client: ClusterClient,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
): Promise<FeatureOutcome[]> {
  const connection = await client.anyConnection();
  if (validateOnly && (connection.versions.get(ApiKey.UpdateFeatures)?.max ?? 0) < 1) {
    throw new Error('the cluster is too old to try a change of features without doing it');
  }
  const response = await client.toController(
    updateFeaturesRequest,
    updateFeaturesResponse,
    (version) => ({
      timeoutMs: TIMEOUT_MS,
      ...(version >= 1 ? { validateOnly } : {}),
      featureUpdates: updates.map(({ name, level, type }) => ({
        feature: name,
        maxVersionLevel: level,
        ...(version >= 1 ? { upgradeType: UPGRADE_TYPES[type] } : { allowDowngrade: type !== 'upgrade' }),
      })),
    }),
    ({ errorCode }) => (errorCode === 0 ? [] : [errorCode]),
  );
  return updates.map(({ name }) => {
    const own = response.results.find(({ feature }) => feature === name);
    const { errorCode, errorMessage } = response.errorCode !== 0 || own === undefined ? response : own;
    return { name, error: kafkaErrorOrNull(errorCode, `feature '${name}'`, errorMessage) };
  });
}
