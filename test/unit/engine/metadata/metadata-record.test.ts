import { describe, expect, test } from 'vitest';
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';

/** As `kafka-storage format` writes them into bootstrap.checkpoint. */
const fromKafka: [hex: string, name: string, level: number][] = [
  ['010c00116d657461646174612e76657273696f6e001e00', 'metadata.version', 30],
  ['010c000e67726f75702e76657273696f6e000100', 'group.version', 1],
  ['010c00147472616e73616374696f6e2e76657273696f6e000200', 'transaction.version', 2],
];

test.each(fromKafka)('%s is %s %i', (hex, name, featureLevel) => {
  const record: NewMetadataRecord = { type: 'FEATURE_LEVEL_RECORD', version: 0, data: { name, featureLevel } };
  expect(encodeMetadataRecord(record).toString('hex')).toBe(hex);
  expect(decodeMetadataRecord(Buffer.from(hex, 'hex'))).toMatchObject(record);
});

describe('refuses', () => {
  test.each([
    ['a frame version that is not known', '020c0001000000', 'frame version 2'],
    ['a record type that is not known', '017f0000', 'type 127'],
    ['a message version that is not known', '010c0901000000', 'not 9'],
    ['bytes after the message', '010c000261001e0000', 'bytes follow'],
    ['an empty value', '', 'needed 1 bytes'],
  ])('%s', (_what, hex, message) => {
    expect(() => decodeMetadataRecord(Buffer.from(hex, 'hex'))).toThrow(message);
  });
});
