import { expect, test } from 'vitest';
import { batchesOf } from '../../../../extension/engine/metadata/decision-batches.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { uuid } from './metadata-fixture.ts';

const topic: NewMetadataRecord = { type: 'TOPIC_RECORD', version: 0, data: { name: 't', topicId: uuid(1) } };
const other: NewMetadataRecord = { type: 'NO_OP_RECORD', version: 0, data: {} };

const sizes = (records: NewMetadataRecord[], atomic?: boolean | 'topic'): number[] =>
  [...batchesOf({ records, response: undefined, ...(atomic === undefined ? {} : { atomic }) })].map(
    ({ length }) => length,
  );

test('a decision is one batch, unless it is large and may be split', () => {
  const many = Array.from({ length: 25_000 }, () => other);
  expect(sizes([])).toEqual([]);
  expect(sizes([other, other])).toEqual([2]);
  expect(sizes(many)).toEqual([10_000, 10_000, 5000]);
  expect(sizes(many, true)).toEqual([25_000]);
});

test('one about topics is split between topics', () => {
  const small = Array.from({ length: 60 }, () => [topic, other, other, other]).flat();
  expect(sizes(small, 'topic')).toEqual([80, 80, 80]);
  expect(sizes([topic, ...Array.from({ length: 300 }, () => other), topic, other], 'topic')).toEqual([301, 2]);
});
