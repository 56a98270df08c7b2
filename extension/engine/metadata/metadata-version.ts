import type { SupportedFeature } from './broker-registration.ts';
import facts from './kafka-facts.json' with { type: 'json' };
import { MetadataError } from './metadata-error.ts';
import type { FeaturesImage, MetadataImage } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';

/** What one level of `metadata.version` allows. Record versions by record. */
export interface MetadataVersion {
  readonly level: number;
  /** e.g. `4.3-IV0`. */
  readonly name: string;
  readonly registerBroker: number;
  readonly partition: number;
  readonly partitionChange: number;
  readonly controllerRegistration?: boolean;
  /** BEGIN and END_TRANSACTION records (KIP-868). */
  readonly transactions?: boolean;
  /** Directory ids in partition records (KIP-858). */
  readonly directories?: boolean;
  readonly elr?: boolean;
  readonly cordoned?: boolean;
  readonly leaderEpochBumpOnShrink?: boolean;
  readonly migration?: boolean;
  /** It can write what the level before can't read. */
  readonly metadataChange?: boolean;
}

export const METADATA_VERSION_FEATURE = 'metadata.version';
export const KRAFT_VERSION_FEATURE = 'kraft.version';
export const ELR_FEATURE = 'eligible.leader.replicas.version';

const production: ReadonlyMap<number, MetadataVersion> = new Map(
  facts.metadataVersions.filter((version) => version.production).map((version) => [version.level, version]),
);

const levels = [...production.keys()];

/** Every feature with the levels that this implementation supports. */
export const supportedFeatures: ReadonlyMap<string, SupportedFeature> = new Map([
  ...facts.features.map(({ name, min, max }) => [name, { minVersion: min, maxVersion: max }] as const),
  [METADATA_VERSION_FEATURE, { minVersion: Math.min(...levels), maxVersion: Math.max(...levels) }],
]);

/** Throws MetadataError for a level that is not known. */
export function metadataVersion(level: number): MetadataVersion {
  const version = production.get(level);
  if (version === undefined) throw new MetadataError(`metadata.version ${level} is not known.`);
  return version;
}

/** Whether going from one level to another may lose what only the higher one writes. */
export function losesMetadata(from: number, to: number): boolean {
  return levels.some((level) => level > to && level <= from && production.get(level)?.metadataChange === true);
}

/** Whether eligible leader replicas are kept (KIP-966). */
export function isElrEnabled(features: FeaturesImage): boolean {
  return (features.levels.get(ELR_FEATURE) ?? 0) > 0;
}

/** Feature levels of a new cluster; `kraft.version` is not among them. */
export function bootstrapFeatureRecords(): NewMetadataRecord[] {
  const others = facts.features.filter(({ name, default: level }) => name !== KRAFT_VERSION_FEATURE && level > 0);
  const sorted = others.sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    { name: METADATA_VERSION_FEATURE, featureLevel: Math.max(...levels) },
    ...sorted.map(({ name, default: featureLevel }) => ({ name, featureLevel })),
  ].map((data) => ({ type: 'FEATURE_LEVEL_RECORD', version: 0, data }));
}

/** Effective levels as ApiVersions and UpdateFeatures tell them, `kraft.version` included. */
export function finalizedFeatures(image: MetadataImage, kraftVersion: number): ReadonlyMap<string, number> {
  const finalized = new Map(image.features.levels);
  finalized.set(METADATA_VERSION_FEATURE, image.features.metadataVersion);
  if (kraftVersion > 0) finalized.set(KRAFT_VERSION_FEATURE, kraftVersion);
  return finalized;
}

/** Throws MetadataError when the metadata were written at a level that this implementation does not support. */
export function checkFeatures(features: FeaturesImage): void {
  for (const [name, level] of [[METADATA_VERSION_FEATURE, features.metadataVersion] as const, ...features.levels]) {
    const supported = supportedFeatures.get(name);
    if (level === 0 || (supported !== undefined && level >= supported.minVersion && level <= supported.maxVersion))
      continue;
    throw new MetadataError(
      `The metadata are at ${name} ${level}; this version supports ${supported === undefined ? 'no such feature' : `${supported.minVersion} to ${supported.maxVersion}`}.`,
    );
  }
}
