import type { FeatureUpdate, UpgradeType } from '../client/admin/features.ts';
import { CONFIG_OPTION, CONTROLLER_OPTION, SERVER_OPTION } from './command-tool.ts';
import { levelsAt, metadataLevel, METADATA_VERSION, type FeatureLevel } from './feature-versions.ts';
import {
  CommandLineError,
  type CommandLine,
  type OptionEntry,
  type SubCommand,
  type SubOption,
} from './sub-commands.ts';

export const FEATURES_OPTIONS: readonly OptionEntry[] = [
  CONFIG_OPTION,
  { oneOf: [SERVER_OPTION, CONTROLLER_OPTION], isOptional: true },
];

const RELEASE: SubOption = {
  flags: ['--release-version'],
  argument: 'RELEASE',
  about: 'The levels of a new cluster of this release, such as 4.0 or 3.9-IV0; version-mapping lists them.',
};

const LEVEL: SubOption = {
  flags: ['--feature'],
  argument: 'FEATURE=LEVEL',
  about: 'A feature and its new level; may be given several times.',
  isRepeatable: true,
};

const METADATA: SubOption = {
  flags: ['--metadata'],
  argument: 'RELEASE',
  about: 'Deprecated: the level of metadata.version by the name of its release.',
};

const DRY_RUN: SubOption = { flags: ['--dry-run'], about: 'Try it, but change nothing.' };

const UNSAFE: SubOption = { flags: ['--unsafe'], about: 'Although metadata may be lost.' };

export const FEATURES_COMMANDS: readonly SubCommand[] = [
  {
    name: 'describe',
    about: 'Print features, the levels that are supported and the level in force.',
    options: [
      {
        flags: ['--node-id'],
        argument: 'ID',
        about: 'The node to ask; any if not given.',
        isInteger: true,
      },
    ],
  },
  { name: 'upgrade', about: 'Raise levels of features.', options: [METADATA, RELEASE, LEVEL, DRY_RUN] },
  { name: 'downgrade', about: 'Lower levels of features.', options: [METADATA, RELEASE, LEVEL, UNSAFE, DRY_RUN] },
  {
    name: 'disable',
    about: 'Turn features off: their level becomes 0.',
    options: [
      {
        flags: ['--feature'],
        argument: 'FEATURE',
        about: 'A feature; may be given several times.',
        isRepeatable: true,
      },
      UNSAFE,
      DRY_RUN,
    ],
  },
  {
    name: 'version-mapping',
    about: 'Print the levels that a new cluster of a release has, of the latest if none is given.',
    options: [RELEASE],
  },
  {
    name: 'feature-dependencies',
    about: 'Print what the level of a feature needs of other features.',
    options: [{ ...LEVEL, isRequired: true }],
  },
];

/** @throws CommandLineError where a cluster is needed and none is named */
export function expectCluster(line: CommandLine): void {
  if (line.has('--bootstrap-server') || line.has('--bootstrap-controller')) return;
  throw new CommandLineError('You must specify either --bootstrap-controller or --bootstrap-server.', '');
}

const MAX_LEVEL = 0x7fff;

/** @throws Error unless the text is a name and a level */
export function parseLevel(text: string): FeatureLevel {
  const equals = text.indexOf('=');
  if (equals < 0) throw new Error(`Can't parse feature=level string ${text}: equals sign not found.`);
  const level = text.slice(equals + 1);
  if (!/^[+-]?\d+$/.test(level) || Math.abs(Number(level)) > MAX_LEVEL) {
    throw new Error(`Can't parse feature=level string ${text}: unable to parse ${level} as a short.`);
  }
  return { name: text.slice(0, equals), level: Number(level) };
}

/**
 * The changes that upgrade, downgrade or disable ask for. `warn` gets what is deprecated.
 *
 * @throws Error when there are none, or they do not go together
 */
export function updatesOf(line: CommandLine, warn: (text: string) => void): FeatureUpdate[] {
  const type: UpgradeType =
    line.command === 'upgrade' ? 'upgrade' : line.has('--unsafe') ? 'unsafeDowngrade' : 'safeDowngrade';
  const updates = levelsOf(line, warn).map((level) => ({ ...level, type }));
  const twice = updates.find(({ name }, index) => updates.findIndex((each) => each.name === name) !== index);
  if (twice !== undefined) throw new Error(`Feature ${twice.name} was specified more than once.`);
  for (const { level } of updates) {
    if (level < 0) throw new Error('Cannot specify a negative version level.');
    if (level === 0 && type === 'upgrade') {
      const why = `when the provided maxVersionLevel:${level} is < 1.`;
      throw new Error(`The upgradeType flag should be set to SAFE_DOWNGRADE or UNSAFE_DOWNGRADE ${why}`);
    }
  }
  if (updates.length === 0) throw new Error(`You must specify at least one feature to ${line.command}`);
  if (updates.some(({ name }) => name === '')) throw new Error('Provided feature can not be empty.');
  return updates;
}

function levelsOf(line: CommandLine, warn: (text: string) => void): FeatureLevel[] {
  if (line.command === 'disable') return line.values('--feature').map((name) => ({ name, level: 0 }));
  const release = line.value('--release-version');
  const metadata = line.value('--metadata');
  if (release !== undefined) {
    if (metadata !== undefined || line.has('--feature')) {
      throw new Error('Can not specify `release-version` with other feature flags.');
    }
    const levels = levelsAt(metadataLevel(release));
    // What a release does not have yet is nothing to raise.
    return line.command === 'upgrade' ? levels.filter(({ level }) => level > 0) : levels;
  }
  if (metadata !== undefined) warn(' `metadata` flag is deprecated and may be removed in a future release.');
  return [
    ...(metadata === undefined ? [] : [{ name: METADATA_VERSION, level: metadataLevel(metadata) }]),
    ...line.values('--feature').map(parseLevel),
  ];
}
