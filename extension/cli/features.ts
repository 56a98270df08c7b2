import type { Admin } from '../client/admin.ts';
import type { FeatureDescription, FeatureOutcome, FeatureUpdate } from '../client/admin/features.ts';
import { commandTool, propertiesFrom, withAdmin } from './command-tool.ts';
import { exceptionMessage } from './exception-text.ts';
import {
  dependenciesOf,
  latestRelease,
  levelsAt,
  levelText,
  metadataLevel,
  METADATA_VERSION,
  type FeatureLevel,
} from './feature-versions.ts';
import { expectCluster, FEATURES_COMMANDS, FEATURES_OPTIONS, parseLevel, updatesOf } from './features-options.ts';
import { inHashMapOrder, javaHashCode } from './java-hash-order.ts';
import type { CommandLine } from './sub-commands.ts';
import { print, type ToolIo } from './tool-io.ts';

/** `kafka-features`: the levels of a cluster's features, and what releases and features have to do with each other. */
export const run = commandTool({
  program: 'kafka-features',
  about: 'Shows and changes the levels of features, which decide what the nodes of a cluster write and understand.',
  options: FEATURES_OPTIONS,
  commands: FEATURES_COMMANDS,
  isHelpSuccess: true,
  complaint: ({ message }) => `Command line error: ${message}. Type --help for help.`,
  execute: async (line, io) => {
    switch (line.command) {
      case 'version-mapping':
        print(io.stdout, mappingText(line.value('--release-version') ?? latestRelease));
        return 0;
      case 'feature-dependencies':
        for (const text of line.values('--feature')) print(io.stdout, dependenciesText(parseLevel(text)));
        return 0;
      default:
        expectCluster(line);
        await withAdmin(line, propertiesFrom(line.value('--command-config')), io, (admin) =>
          line.command === 'describe' ? describe(admin, line, io) : update(admin, line, io),
        );
        return 0;
    }
  },
});

async function describe(admin: Admin, line: CommandLine, io: ToolIo): Promise<void> {
  const nodeId = line.integer('--node-id');
  if (nodeId !== undefined && nodeId < 0) throw new Error(`Invalid node id ${nodeId}: must be non-negative.`);
  const description = await admin.describeFeatures({ nodeId });
  for (const text of featureLines(description)) print(io.stdout, text);
}

const NAME_WIDTH = 40;
const LEVEL_WIDTH = 15;

/** What `describe` prints. */
export function featureLines({ features, epoch }: FeatureDescription): string[] {
  return features.map(({ name, minVersion, maxVersion, level }) => {
    const text = (each: number): string => levelText({ name, level: each }).padEnd(LEVEL_WIDTH);
    return [
      `Feature: ${name.padEnd(NAME_WIDTH)}`,
      `SupportedMinVersion: ${text(minVersion)}`,
      `SupportedMaxVersion: ${text(maxVersion)}`,
      `FinalizedVersionLevel: ${text(level)}`,
      `Epoch: ${epoch ?? '-'}`,
    ].join('  ');
  });
}

async function update(admin: Admin, line: CommandLine, io: ToolIo): Promise<void> {
  const updates = updatesOf(line, (text) => print(io.stdout, text));
  const isTrial = line.has('--dry-run');
  // Of several that cannot be, the cluster names the first: here as there, the first of a Java map.
  const ordered = inHashMapOrder(updates, ({ name }) => javaHashCode(name));
  const outcomes = await admin.updateFeatures(ordered, { validateOnly: isTrial });
  const sorted = [...outcomes].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const outcome of sorted) print(io.stdout, outcomeText(line.command, outcome, updates, isTrial));
  const failures = outcomes.filter(({ error }) => error !== null).length;
  if (failures > 0) throw new Error(`${failures} out of ${outcomes.length} operation(s) failed.`);
}

/** What became of the change of one feature; `command` is upgrade, downgrade or disable. */
export function outcomeText(
  command: string,
  { name, error }: FeatureOutcome,
  updates: readonly FeatureUpdate[],
  isTrial: boolean,
): string {
  const level = updates.find((each) => each.name === name)?.level;
  const target = command === 'disable' ? '' : ` to ${level}`;
  if (error !== null) {
    return `${isTrial ? 'Can' : 'Could'} not ${command} ${name}${target}. ${exceptionMessage(error)}`;
  }
  return `${name} ${isTrial ? 'can be' : 'was'} ${command}d${target}.`;
}

/** What `version-mapping` prints. */
export function mappingText(release: string): string {
  const [metadata, ...others] = levelsAt(metadataLevel(release));
  return [
    `${metadata!.name}=${metadata!.level} (${release})`,
    ...others.map(({ name, level }) => `${name}=${level}`),
  ].join('\n');
}

/** What `feature-dependencies` prints about one feature. */
export function dependenciesText(feature: FeatureLevel): string {
  const needed = dependenciesOf(feature);
  if (needed.length === 0) return `${namedLevel(feature)} has no dependencies.`;
  return [`${namedLevel(feature)} requires:`, ...needed.map((each) => `    ${namedLevel(each)}`)].join('\n');
}

function namedLevel(feature: FeatureLevel): string {
  const { name, level } = feature;
  return name === METADATA_VERSION ? `${name}=${level} (${levelText(feature)})` : `${name}=${level}`;
}
