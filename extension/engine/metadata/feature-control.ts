import type { UpdateFeaturesRequest } from '../../protocol/generated/update-features-request.ts';
import type { UpdateFeaturesResponseInput } from '../../protocol/generated/update-features-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { SupportedFeature } from './broker-registration.ts';
import { minIsrRecord } from './activation.ts';
import { CLUSTER_DEFAULT } from './config-resolver.ts';
import { versionOf } from './control-context.ts';
import type { ControlContext, Decision } from './control-context.ts';
import { ConfigResourceType } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import {
  ELR_FEATURE,
  KRAFT_VERSION_FEATURE,
  losesMetadata,
  METADATA_VERSION_FEATURE,
  supportedFeatures,
} from './metadata-version.ts';

const UpgradeType = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;
type UpgradeType = (typeof UpgradeType)[keyof typeof UpgradeType];

/** The metadata.version from which ELR may be kept. */
const ELR_METADATA_VERSION = 23;

const MIN_ISR = 'min.insync.replicas';

/** What only the quorum knows about features. */
export interface QuorumFeatures {
  readonly nodeId: number;
  readonly kraftVersion: number;
  /** Controllers that must run what is finalized. */
  readonly voters: readonly number[];
}

/**
 * Finalizes other levels of features, all or none of them. A level has to be supported by all brokers and controllers that have
 * registered. A lower one has to be asked for as a downgrade; one of `metadata.version` must not lose what only the higher one
 * can write.
 *
 * @param version of the request: up to 1 the answer repeats the features
 */
export function updateFeatures(
  context: ControlContext,
  request: UpdateFeaturesRequest,
  quorum: QuorumFeatures,
  version: number,
): Decision<UpdateFeaturesResponseInput> {
  const records: NewMetadataRecord[] = [];
  const updates = new Map(request.featureUpdates.map((update) => [update.feature, update]));
  try {
    for (const { feature, maxVersionLevel, upgradeType } of updates.values()) {
      const levels = new Map([...updates].map(([name, update]) => [name, update.maxVersionLevel]));
      records.push(...updateFeature(context, { feature, level: maxVersionLevel, upgradeType, levels }, quorum));
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const errorMessage = `The update failed for all features since the following feature had an error: ${error.message}`;
    return { records: [], response: { throttleTimeMs: 0, errorCode: error.code, errorMessage } };
  }
  if ((updates.get(ELR_FEATURE)?.maxVersionLevel ?? 0) > 0) records.push(...elrConfigRecords(context));
  const done = { errorCode: ErrorCode.NONE, errorMessage: null };
  const results = version > 1 ? [] : [...updates.keys()].map((feature) => ({ feature, ...done, errorMessage: 'NONE' }));
  return {
    records: request.validateOnly ? [] : records,
    response: { throttleTimeMs: 0, ...done, results },
    atomic: true,
  };
}

interface Update {
  readonly feature: string;
  readonly level: number;
  readonly upgradeType: number;
  /** What all updates of the request want. */
  readonly levels: ReadonlyMap<string, number>;
}

function updateFeature(context: ControlContext, update: Update, quorum: QuorumFeatures): NewMetadataRecord[] {
  const { feature, level, upgradeType } = update;
  const refuse = (why: string): ApiError =>
    new ApiError(ErrorCode.INVALID_UPDATE_VERSION, `Invalid update version ${level} for feature ${feature}. ${why}`);
  if (!Object.values(UpgradeType).includes(upgradeType as UpgradeType)) {
    throw refuse('The controller does not support the given upgrade type.');
  }
  if (level < 0) throw refuse('A feature version cannot be less than 0.');
  const unsupported = reasonNotSupported(context, feature, level, quorum);
  if (unsupported !== undefined) throw refuse(unsupported);
  const current = currentLevel(context, feature, quorum);
  if (level < current && upgradeType === UpgradeType.UPGRADE) {
    throw refuse(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    );
  }
  if (level > current && upgradeType !== UpgradeType.UPGRADE) throw refuse("Can't downgrade to a newer version.");
  if (feature === METADATA_VERSION_FEATURE) checkMetadataVersion(current, level, upgradeType);
  else if (feature === KRAFT_VERSION_FEATURE) {
    if (level < current) throw refuse("Can't downgrade the version of this feature.");
    if (level > current) throw refuse('The quorum keeps the version that its directories were formatted with.');
    return [];
  } else if (feature === ELR_FEATURE && level > 0) {
    const metadata = update.levels.get(METADATA_VERSION_FEATURE) ?? context.image.features.metadataVersion;
    if (metadata < ELR_METADATA_VERSION) {
      throw refuse(`${feature}=${level} requires ${METADATA_VERSION_FEATURE} to be at least ${ELR_METADATA_VERSION}.`);
    }
  }
  return [{ type: 'FEATURE_LEVEL_RECORD', version: 0, data: { name: feature, featureLevel: level } }];
}

function currentLevel({ image }: ControlContext, feature: string, quorum: QuorumFeatures): number {
  if (feature === METADATA_VERSION_FEATURE) return image.features.metadataVersion;
  if (feature === KRAFT_VERSION_FEATURE) return quorum.kraftVersion;
  return image.features.levels.get(feature) ?? 0;
}

function checkMetadataVersion(current: number, level: number, upgradeType: number): void {
  if (!losesMetadata(current, level)) return;
  const why =
    upgradeType === UpgradeType.UNSAFE_DOWNGRADE
      ? 'Unsafe metadata downgrade is not supported in this version.'
      : 'Refusing to perform the requested downgrade because it might delete metadata information.';
  throw new ApiError(
    ErrorCode.INVALID_UPDATE_VERSION,
    `Unsupported metadata.version downgrade from ${current} to ${level}. ${why}`,
  );
}

function reasonNotSupported(
  context: ControlContext,
  feature: string,
  level: number,
  { nodeId, voters }: QuorumFeatures,
): string | undefined {
  const { brokers, controllers } = context.image.cluster;
  const isBeyond = (what: string, range: SupportedFeature = { minVersion: 0, maxVersion: 0 }): string | undefined => {
    if (level >= range.minVersion && level <= range.maxVersion) return undefined;
    if (range.maxVersion === 0) return `${what} does not support this feature.`;
    return `${what} only supports versions ${range.minVersion}-${range.maxVersion}`;
  };
  const here = isBeyond(`Local controller ${nodeId}`, supportedFeatures.get(feature));
  if (here !== undefined) return here;
  for (const broker of brokers.values()) {
    const why = isBeyond(`Broker ${broker.id}`, broker.features.get(feature));
    if (why !== undefined) return why;
  }
  if (versionOf(context).controllerRegistration !== true) return undefined;
  for (const controller of controllers.values()) {
    const why =
      controller.id === nodeId ? undefined : isBeyond(`Controller ${controller.id}`, controller.features.get(feature));
    if (why !== undefined) return why;
  }
  const silent = voters.find((voter) => voter !== nodeId && !controllers.has(voter));
  return silent === undefined ? undefined : `controller ${silent} has not registered, and may not support this feature`;
}

/** With ELR there is one `min.insync.replicas` for all brokers: it is set, and what single brokers have goes (KIP-966). */
function elrConfigRecords({ image, resolver }: ControlContext): NewMetadataRecord[] {
  const { configs } = image;
  const records: NewMetadataRecord[] = [];
  if (!configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT).has(MIN_ISR)) records.push(minIsrRecord(resolver));
  for (const name of configs.namesOf(ConfigResourceType.BROKER)) {
    if (name === CLUSTER_DEFAULT || !configs.get(ConfigResourceType.BROKER, name).has(MIN_ISR)) continue;
    const data = { resourceType: ConfigResourceType.BROKER, resourceName: name, name: MIN_ISR, value: null };
    records.push({ type: 'CONFIG_RECORD', version: 0, data });
  }
  return records;
}
