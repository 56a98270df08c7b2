import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  dependenciesText,
  featureLines,
  mappingText,
  outcomeText,
  run as features,
} from '../../../extension/cli/features.ts';
import {
  latestRelease,
  levelsAt,
  metadataLevel,
  metadataVersionName,
} from '../../../extension/cli/feature-versions.ts';
import { updatesOf } from '../../../extension/cli/features-options.ts';
import { CommandLine } from '../../../extension/cli/sub-commands.ts';
import { KafkaError } from '../../../extension/client/kafka-error.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import facts from '../../../extension/engine/metadata/kafka-facts.json' with { type: 'json' };
import { runTool } from '../../support/run-tool.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

describe('releases', () => {
  test('are those that the broker knows', () => {
    for (const { level, name } of facts.metadataVersions) {
      expect(metadataVersionName(level)).toBe(name);
      expect(metadataLevel(name)).toBe(level);
    }
    const newest = Math.max(...facts.metadataVersions.filter(({ production }) => production).map(({ level }) => level));
    expect(metadataLevel(latestRelease)).toBe(newest);
    const levels = Object.fromEntries(levelsAt(newest).map(({ name, level }) => [name, level]));
    for (const { name, default: level } of facts.features) expect(levels[name], name).toBe(level);
  });

  test('may be named without their last version', () => {
    expect(['3.9', '4.0', '4.0.1', '4.0-IV1'].map(metadataLevel)).toEqual([21, 25, 25, 23]);
    for (const text of ['4', '9.9', '4.4', ''])
      expect(() => metadataLevel(text)).toThrow(`Unknown metadata.version '${text}'`);
  });

  test('map to levels', () => {
    expect(mappingText('4.1').split('\n')).toEqual([
      'metadata.version=27 (4.1)',
      'kraft.version=1',
      'transaction.version=2',
      'group.version=1',
      'eligible.leader.replicas.version=1',
      'share.version=0',
      'streams.version=0',
    ]);
  });

  test('features may need each other', () => {
    expect(dependenciesText({ name: 'metadata.version', level: 21 })).toBe(
      'metadata.version=21 (3.9-IV0) has no dependencies.',
    );
    expect(dependenciesText({ name: 'eligible.leader.replicas.version', level: 1 })).toBe(
      'eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)',
    );
    expect(() => dependenciesText({ name: 'share.version', level: 7 })).toThrow(
      'No feature:share.version with feature level 7',
    );
  });
});

describe('updates', () => {
  const line = (command: string, values: Record<string, string[]>): CommandLine =>
    new CommandLine(command, new Map(Object.entries(values)));
  const of = (command: string, values: Record<string, string[]>, warnings: string[] = []) =>
    updatesOf(line(command, values), (text) => warnings.push(text));

  test('come from releases and single features', () => {
    expect(of('upgrade', { '--release-version': ['3.8'] })).toEqual([
      { name: 'metadata.version', level: 20, type: 'upgrade' },
    ]);
    expect(of('downgrade', { '--release-version': ['3.8'] })).toHaveLength(7);
    const warnings: string[] = [];
    expect(of('downgrade', { '--metadata': ['3.8'], '--feature': ['a=1'], '--unsafe': [] }, warnings)).toEqual([
      { name: 'metadata.version', level: 20, type: 'unsafeDowngrade' },
      { name: 'a', level: 1, type: 'unsafeDowngrade' },
    ]);
    expect(warnings).toHaveLength(1);
    expect(of('disable', { '--feature': ['a', 'b'] }).map(({ level, type }) => [level, type])).toEqual([
      [0, 'safeDowngrade'],
      [0, 'safeDowngrade'],
    ]);
  });

  test('say what became of them', () => {
    const updates = [{ name: 'a', level: 2, type: 'upgrade' as const }];
    expect(outcomeText('upgrade', { name: 'a', error: null }, updates, false)).toBe('a was upgraded to 2.');
    expect(outcomeText('disable', { name: 'a', error: null }, updates, true)).toBe('a can be disabled.');
    const error = new KafkaError(ErrorCode.INVALID_UPDATE_VERSION, 'a', 'No.');
    expect(outcomeText('downgrade', { name: 'a', error }, updates, true)).toBe('Can not downgrade a to 2. No.');
    expect(outcomeText('disable', { name: 'a', error }, updates, false)).toBe('Could not disable a. No.');
  });

  test('a node without a level in force says so', () => {
    const [metadata, other] = featureLines({
      features: [
        { name: 'metadata.version', minVersion: 7, maxVersion: 99, level: 30 },
        { name: 'other', minVersion: 0, maxVersion: 1, level: 0 },
      ],
      epoch: null,
    });
    expect(metadata).toMatch(/SupportedMaxVersion: UNKNOWN 99 {7}FinalizedVersionLevel: 4.3-IV0 {10}Epoch: -$/);
    expect(other).toMatch(/^Feature: other {37}SupportedMinVersion: 0 /);
  });
});

describe('features', () => {
  let cluster: ToolCluster;

  beforeEach(async () => {
    cluster = await ToolCluster.start();
  });

  afterEach(() => cluster.stop());

  test('counts what failed', async () => {
    cluster.broker.on('UpdateFeatures', () => ({
      throttleTimeMs: 0,
      errorCode: ErrorCode.INVALID_UPDATE_VERSION,
      errorMessage: 'Too high.',
      results: [],
    }));
    const line = `--bootstrap-server ${cluster.broker.address} upgrade --feature b=9 --feature a=9 --dry-run`;
    expect(await runTool(features, line)).toEqual({
      code: 1,
      out: 'Can not upgrade a to 9. Too high.\nCan not upgrade b to 9. Too high.\n',
      err: '2 out of 2 operation(s) failed.\n',
    });
    expect(cluster.broker.requests('UpdateFeatures')[0]!.body).toMatchObject({
      validateOnly: true,
      featureUpdates: [
        { feature: 'a', maxVersionLevel: 9, upgradeType: 1 },
        { feature: 'b', maxVersionLevel: 9, upgradeType: 1 },
      ],
    });
  });

  test('needs a cluster for some things only', async () => {
    expect(await runTool(features, 'describe')).toMatchObject({
      code: 1,
      err: 'Command line error: You must specify either --bootstrap-controller or --bootstrap-server.. Type --help for help.\n',
    });
    expect((await runTool(features, 'version-mapping')).code).toBe(0);
  });
});
