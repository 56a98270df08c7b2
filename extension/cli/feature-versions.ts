// The features of a Kafka cluster and the releases that brought them: facts of Apache Kafka 4.3.

export const METADATA_VERSION = 'metadata.version';

const FIRST_LEVEL = 7;

/** Names of the levels of metadata.version, from 7 on. */
const METADATA_VERSIONS = [
  ...['3.3-IV3', '3.4-IV0', '3.5-IV0', '3.5-IV1', '3.5-IV2', '3.6-IV0', '3.6-IV1', '3.6-IV2'],
  ...['3.7-IV0', '3.7-IV1', '3.7-IV2', '3.7-IV3', '3.7-IV4', '3.8-IV0', '3.9-IV0'],
  ...['4.0-IV0', '4.0-IV1', '4.0-IV2', '4.0-IV3', '4.1-IV0', '4.1-IV1', '4.2-IV0', '4.2-IV1', '4.3-IV0', '4.4-IV0'],
];

/** Later ones are not for production, and no release goes by their names alone. */
const LATEST_IN_PRODUCTION = METADATA_VERSIONS.indexOf('4.3-IV0') + FIRST_LEVEL;

/** The other features: levels above 0 with the metadata.version from which on a new cluster has them, and what they need. */
const FEATURES: readonly {
  readonly name: string;
  readonly levels: readonly { readonly level: number; readonly since: number; readonly needs?: number }[];
}[] = [
  { name: 'kraft.version', levels: [{ level: 1, since: 21 }] },
  {
    name: 'transaction.version',
    levels: [
      { level: 1, since: 24 },
      { level: 2, since: 24 },
    ],
  },
  { name: 'group.version', levels: [{ level: 1, since: 22 }] },
  { name: 'eligible.leader.replicas.version', levels: [{ level: 1, since: 26, needs: 23 }] },
  { name: 'share.version', levels: [{ level: 1, since: 28 }] },
  { name: 'streams.version', levels: [{ level: 1, since: 29 }] },
];

export interface FeatureLevel {
  readonly name: string;
  readonly level: number;
}

/** The name of a level of metadata.version, undefined when it is not known. */
export function metadataVersionName(level: number): string | undefined {
  return METADATA_VERSIONS[level - FIRST_LEVEL];
}

export const latestRelease = metadataVersionName(LATEST_IN_PRODUCTION)!;
export const earliestRelease = metadataVersionName(FIRST_LEVEL)!;

/**
 * The level of metadata.version that `4.0`, `4.0.1` or `4.0-IV3` mean: a release without a further name is the latest of its
 * versions. Throws Error for any other text.
 */
export function metadataLevel(text: string): number {
  const key = text.split('.').slice(0, 2).join('.');
  const exact = METADATA_VERSIONS.indexOf(key);
  if (exact >= 0) return exact + FIRST_LEVEL;
  for (let level = LATEST_IN_PRODUCTION; level >= FIRST_LEVEL; level--) {
    if (metadataVersionName(level)?.split('-')[0] === key) return level;
  }
  const known = METADATA_VERSIONS.join(', ');
  throw new Error(`Unknown metadata.version '${text}'. Supported metadata.version are: ${known}`);
}

/** The levels of a new cluster at a level of metadata.version, that one first. */
export function levelsAt(metadataVersion: number): FeatureLevel[] {
  const others = FEATURES.map(({ name, levels }) => {
    const reached = levels.filter(({ since }) => since <= metadataVersion);
    return { name, level: Math.max(0, ...reached.map(({ level }) => level)) };
  });
  return [{ name: METADATA_VERSION, level: metadataVersion }, ...others];
}

/** What must be there before a feature may be raised to a level. Throws Error for what is not known. */
export function dependenciesOf({ name, level }: FeatureLevel): FeatureLevel[] {
  if (name === METADATA_VERSION) {
    if (metadataVersionName(level) === undefined) throw new Error(`Unknown metadata.version ${level}`);
    return [];
  }
  const feature = FEATURES.find((each) => each.name === name);
  if (feature === undefined) throw new Error(`Unknown feature: ${name}`);
  if (level === 0) return [];
  const found = feature.levels.find((each) => each.level === level);
  if (found === undefined) throw new Error(`No feature:${name} with feature level ${level}`);
  return found.needs === undefined ? [] : [{ name: METADATA_VERSION, level: found.needs }];
}

/** A level in words: metadata.version by name, others by number. */
export function levelText({ name, level }: FeatureLevel): string {
  return name === METADATA_VERSION ? (metadataVersionName(level) ?? `UNKNOWN ${level}`) : String(level);
}
