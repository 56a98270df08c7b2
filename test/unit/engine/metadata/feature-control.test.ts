import { describe, expect, test } from 'vitest';
import { errorName } from '../../../../extension/protocol/errors.ts';
import type { UpdateFeaturesRequest } from '../../../../extension/protocol/generated/update-features-request.ts';
import { updateFeatures } from '../../../../extension/engine/metadata/feature-control.ts';
import { supportedFeatures } from '../../../../extension/engine/metadata/metadata-version.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { Cluster } from './cluster-fixture.ts';
import { brokerRecord, uuid } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };
const UPGRADE = 1;
const SAFE = 2;
const UNSAFE = 3;
const ELR = 'eligible.leader.replicas.version';

const features = [...supportedFeatures].map(([name, { minVersion, maxVersion }]) => ({
  name,
  minSupportedVersion: minVersion,
  maxSupportedVersion: maxVersion,
}));

type Update = readonly [name: string, level: number, type?: number];

function request(updates: readonly Update[], validateOnly = false): UpdateFeaturesRequest {
  return {
    featureUpdates: updates.map(([feature, maxVersionLevel, upgradeType = UPGRADE]) => ({
      ...{ feature, maxVersionLevel, upgradeType, allowDowngrade: false, ...none },
    })),
    ...{ timeoutMs: 1, validateOnly, ...none },
  };
}

/** A cluster at the highest levels, whose brokers support everything. */
class Upgradable extends Cluster {
  constructor(supported = features) {
    super([]);
    const { type, version, data } = brokerRecord({ id: 1 });
    const record = { type, version, data: { ...data, features: supported } } as NewMetadataRecord;
    this.decide({ records: [record], response: undefined });
  }

  update(updates: readonly Update[], validateOnly = false, voters: readonly number[] = [1], version = 2) {
    const quorum = { nodeId: 1, kraftVersion: 1, voters };
    return this.decide(updateFeatures(this.context, request(updates, validateOnly), quorum, version));
  }

  /** The error's name. */
  try(...updates: Update[]): string {
    return errorName(this.update(updates).errorCode);
  }

  level(name: string): number {
    return name === 'metadata.version'
      ? this.image.features.metadataVersion
      : (this.image.features.levels.get(name) ?? 0);
  }
}

describe('features', () => {
  test('go down and up again', () => {
    const cluster = new Upgradable();
    expect(cluster.try(['group.version', 0, SAFE])).toBe('NONE');
    expect(cluster.level('group.version')).toBe(0);
    expect(cluster.try(['group.version', 1])).toBe('NONE');
    expect(cluster.level('group.version')).toBe(1);
    expect(cluster.try(['transaction.version', 1, UNSAFE], ['share.version', 0, SAFE])).toBe('NONE');
    expect([cluster.level('transaction.version'), cluster.level('share.version')]).toEqual([1, 0]);
  });

  test.each<[string, Update, string]>([
    ['down without saying so', ['group.version', 0], 'INVALID_UPDATE_VERSION'],
    ['up as a downgrade', ['group.version', 1, SAFE], 'NONE'],
    ['too high', ['transaction.version', 3], 'INVALID_UPDATE_VERSION'],
    ['negative', ['transaction.version', -1, UNSAFE], 'INVALID_UPDATE_VERSION'],
    ['unknown', ['nonsense.version', 1], 'INVALID_UPDATE_VERSION'],
    ['in an unknown way', ['group.version', 1, 0], 'INVALID_UPDATE_VERSION'],
    ['metadata.version as it is', ['metadata.version', 30], 'NONE'],
    ['metadata.version of the future', ['metadata.version', 31], 'INVALID_UPDATE_VERSION'],
    ['metadata.version of the past', ['metadata.version', 6, UNSAFE], 'INVALID_UPDATE_VERSION'],
    ['metadata.version where that loses something', ['metadata.version', 29, SAFE], 'INVALID_UPDATE_VERSION'],
    [
      'metadata.version where that loses something, by force',
      ['metadata.version', 29, UNSAFE],
      'INVALID_UPDATE_VERSION',
    ],
    ['kraft.version as it is', ['kraft.version', 1], 'NONE'],
    ['kraft.version down', ['kraft.version', 0, SAFE], 'INVALID_UPDATE_VERSION'],
  ])('%s', (_what, update, error) => {
    expect(new Upgradable().try(update)).toBe(error);
  });

  test('up with a kind of downgrade is refused', () => {
    const cluster = new Upgradable();
    cluster.try(['group.version', 0, SAFE]);
    expect(cluster.try(['group.version', 1, SAFE])).toBe('INVALID_UPDATE_VERSION');
  });

  test('metadata.version goes down as long as nothing can be lost', () => {
    const cluster = new Upgradable();
    const data = { name: 'metadata.version', featureLevel: 29 };
    cluster.decide({ records: [{ type: 'FEATURE_LEVEL_RECORD', version: 0, data }], response: undefined });
    expect(cluster.try(['metadata.version', 24, SAFE])).toBe('NONE');
    expect(cluster.level('metadata.version')).toBe(24);
    expect(cluster.try(['metadata.version', 22, SAFE])).toBe('INVALID_UPDATE_VERSION');
    expect(cluster.try(['metadata.version', 30])).toBe('NONE');
  });

  test('are all changed or none', () => {
    const cluster = new Upgradable();
    const response = cluster.update([
      ['group.version', 0, SAFE],
      ['nonsense.version', 1],
    ]);
    expect(response.errorCode).not.toBe(0);
    expect(response.errorMessage).toContain('nonsense.version');
    expect(cluster.level('group.version')).toBe(1);
  });

  test('are only looked at in a dry run', () => {
    const cluster = new Upgradable();
    expect(cluster.update([['group.version', 0, SAFE]], true).errorCode).toBe(0);
    expect(cluster.level('group.version')).toBe(1);
  });

  test('are repeated in answers up to version 1', () => {
    const cluster = new Upgradable();
    expect(cluster.update([['group.version', 1]], true, [1], 1).results).toEqual([
      { feature: 'group.version', errorCode: 0, errorMessage: 'NONE' },
    ]);
    expect(cluster.update([['group.version', 1]], true, [1], 2).results).toEqual([]);
  });

  test('need the support of every broker and controller', () => {
    const old = features.map((each) => (each.name === 'group.version' ? { ...each, maxSupportedVersion: 0 } : each));
    const cluster = new Upgradable(old);
    expect(cluster.update([['group.version', 1]]).errorMessage).toContain('Broker 1 does not support this feature');
    const other = new Upgradable();
    expect(other.update([['group.version', 1]], false, [1, 2]).errorMessage).toContain('controller 2');
    const data = { controllerId: 2, incarnationId: uuid(2), zkMigrationReady: false, endPoints: [], features: old };
    other.decide({ records: [{ type: 'REGISTER_CONTROLLER_RECORD', version: 0, data }], response: undefined });
    expect(other.update([['group.version', 1]], false, [1, 2]).errorMessage).toContain('Controller 2 does not support');
    expect(other.update([['transaction.version', 2]], false, [1, 2]).errorCode).toBe(0);
  });
});

describe('eligible leader replicas', () => {
  test('come with one min.insync.replicas for all brokers', () => {
    const cluster = new Upgradable();
    expect(cluster.try([ELR, 0, SAFE])).toBe('NONE');
    const config = (resourceName: string, value: string | null): NewMetadataRecord => ({
      ...{ type: 'CONFIG_RECORD', version: 0 },
      data: { resourceType: 4, resourceName, name: 'min.insync.replicas', value },
    });
    cluster.decide({ records: [config('', null), config('1', '2')], response: undefined });
    expect(cluster.try([ELR, 1])).toBe('NONE');
    expect(cluster.image.configs.get(4, '').get('min.insync.replicas')).toBe('1');
    expect(cluster.image.configs.get(4, '1').has('min.insync.replicas')).toBe(false);
  });

  test('need metadata.version 23', () => {
    const cluster = new Upgradable();
    const level = (name: string, featureLevel: number): NewMetadataRecord => ({
      ...{ type: 'FEATURE_LEVEL_RECORD', version: 0 },
      data: { name, featureLevel },
    });
    cluster.decide({ records: [level('metadata.version', 22), level(ELR, 0)], response: undefined });
    expect(cluster.try([ELR, 1])).toBe('INVALID_UPDATE_VERSION');
    expect(cluster.try([ELR, 1], ['metadata.version', 25])).toBe('NONE');
  });
});
