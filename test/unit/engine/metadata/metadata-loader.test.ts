import { describe, expect, test } from 'vitest';
import type { Logger } from '../../../../extension/engine/common/logger.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { bootstrapFeatureRecords } from '../../../../extension/engine/metadata/metadata-version.ts';
import { controllerFixture, uuid } from './metadata-fixture.ts';

const begin: NewMetadataRecord = { type: 'BEGIN_TRANSACTION_RECORD', version: 0, data: { name: 'n' } };
const end: NewMetadataRecord = { type: 'END_TRANSACTION_RECORD', version: 0, data: {} };
const abort: NewMetadataRecord = { type: 'ABORT_TRANSACTION_RECORD', version: 0, data: { reason: 'r' } };

function topic(name: string): NewMetadataRecord {
  return { type: 'TOPIC_RECORD', version: 0, data: { name, topicId: uuid(name.charCodeAt(0)) } };
}

/** Topics that are visible after each batch. */
function visible(...batches: NewMetadataRecord[][]): string[][] {
  const { raft, loader } = controllerFixture();
  raft.commitFromElsewhere(1, bootstrapFeatureRecords());
  return batches.map((batch) => {
    raft.commitFromElsewhere(1, batch);
    return [...loader.image.topics.byName.keys()];
  });
}

describe('transactions', () => {
  test('become visible at their end', () => {
    expect(visible([begin, topic('a')], [topic('b')], [topic('c'), end])).toEqual([[], [], ['a', 'b', 'c']]);
  });

  test('leave nothing when they are aborted', () => {
    expect(visible([topic('a')], [begin, topic('b')], [topic('c'), abort], [topic('d')])).toEqual([
      ['a'],
      ['a'],
      ['a'],
      ['a', 'd'],
    ]);
  });

  test('do not hold back what stands before and after them in a batch', () => {
    expect(visible([topic('a'), begin, topic('b')], [abort, topic('c')])).toEqual([['a'], ['a', 'c']]);
    expect(visible([topic('a'), begin, topic('b'), end, topic('c')])).toEqual([['a', 'b', 'c']]);
  });

  test('that do not fit together stop the loader', () => {
    expect(() => visible([begin], [begin])).toThrow('begins within another');
    expect(() => visible([end])).toThrow('never began');
  });
});

test('metadata of a later release are refused with the level that is missing', () => {
  const { raft } = controllerFixture();
  const newer: NewMetadataRecord = {
    type: 'FEATURE_LEVEL_RECORD',
    version: 0,
    data: { name: 'metadata.version', featureLevel: 31 },
  };
  expect(() => raft.commitFromElsewhere(1, [newer])).toThrow('metadata.version 31; this version supports 7 to 30');
});

test('what is kept but not enforced is said once', () => {
  const said: string[] = [];
  const logger: Logger = { debug() {}, info() {}, warn: (message) => void said.push(message), error() {} };
  const { raft } = controllerFixture({ logger });
  raft.commitFromElsewhere(1, bootstrapFeatureRecords());
  for (const id of [1, 2]) {
    const acl = {
      resourceType: 2,
      resourceName: 't',
      patternType: 3,
      principal: 'User:a',
      host: '*',
      operation: 3,
      permissionType: 3,
    };
    raft.commitFromElsewhere(1, [{ type: 'ACCESS_CONTROL_ENTRY_RECORD', version: 0, data: { id: uuid(id), ...acl } }]);
  }
  expect(said).toEqual(['The metadata hold access control entries: they are kept, but not enforced yet.']);
});
