import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { GroupCoordinatorRecordSerde } from '../../../../extension/engine/coordinator/coordinator-record-serde.ts';
import { hostText, memberUuid } from '../../../../extension/engine/coordinator/member-identity.ts';
import { partitionForGroup } from '../../../../extension/engine/coordinator/partition-for-group.ts';
import { baseOffset, batchSize, partitionLeaderEpoch } from '../../../../extension/records/record-batch.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import { readRecords } from '../../../../extension/records/record-reader.ts';
import { legacyOffsetCommitKey } from '../../../../extension/protocol/generated/legacy-offset-commit-key.ts';
import { legacyOffsetCommitValue } from '../../../../extension/protocol/generated/legacy-offset-commit-value.ts';
import { encodeMessage } from '../../../../extension/protocol/message-type.ts';
import { ProtocolError } from '../../../../extension/protocol/protocol-error.ts';
import { recordingLogger } from './coordinator-fixture.ts';

/** A log of Apache Kafka 4.3.1. */
function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/group-coordinator/${name}.log`, import.meta.url));
}

describe.each(['classic-group', 'modern-group'])('%s, as Apache Kafka wrote it', (name) => {
  it('comes out of our writer byte for byte', () => {
    const log = fixture(name);
    const serde = new GroupCoordinatorRecordSerde(silentLogger);
    let records = 0;
    for (let at = 0; at < log.length; at += batchSize(log, at)) {
      const builder = new RecordBatchBuilder({
        baseOffset: baseOffset(log, at),
        partitionLeaderEpoch: partitionLeaderEpoch(log, at),
        baseSequence: 0,
      });
      for (const { key, value, timestamp } of readRecords(log, at)) {
        builder.append({ ...serde.encode(serde.decode(key, value)!), timestamp });
        records++;
      }
      expect(builder.build().toString('hex')).toBe(log.toString('hex', at, at + batchSize(log, at)));
    }
    expect(records).toBeGreaterThan(4);
  });
});

describe('GroupCoordinatorRecordSerde', () => {
  const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

  it('reads offsets of very old brokers', () => {
    const key = encodeMessage(legacyOffsetCommitKey, { group: 'g', topic: 't', partition: 3 }, 0);
    const value = encodeMessage(legacyOffsetCommitValue, { offset: 42, metadata: 'm', commitTimestamp: 7 }, 0);
    const serde = new GroupCoordinatorRecordSerde(silentLogger);
    expect(serde.decode(Buffer.concat([int16(0), key]), Buffer.concat([int16(0), value]))).toEqual({
      kind: 'offsetCommit',
      groupId: 'g',
      topic: 't',
      partition: 3,
      value: {
        offset: 42,
        leaderEpoch: -1,
        metadata: 'm',
        commitTimestampMs: 7,
        expireTimestampMs: undefined,
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
      },
    });
  });

  it('skips records of types that it has never heard of, and says so once a type', () => {
    const logger = recordingLogger();
    const serde = new GroupCoordinatorRecordSerde(logger);
    for (const type of [99, 99, 98]) expect(serde.decode(int16(type), Buffer.alloc(0))).toBeUndefined();
    expect(logger.lines).toHaveLength(2);
    expect(serde.decode(null, null)).toBeUndefined();
  });

  it('refuses what is cut off or of an unknown version', () => {
    const serde = new GroupCoordinatorRecordSerde(silentLogger);
    const key = Buffer.from('0002000167', 'hex');
    expect(() => serde.decode(key, Buffer.from('0003', 'hex'))).toThrow(ProtocolError);
    expect(() => serde.decode(key, Buffer.from('0009', 'hex'))).toThrow(ProtocolError);
    expect(() => serde.decode(key.subarray(0, 4), null)).toThrow(ProtocolError);
  });
});

describe('the partition of a group', () => {
  it.each([
    ['g1', 42],
    ['modern', 1],
    ['', 0],
    // Its hash code is Java's smallest int, which has no absolute value.
    ['polygenelubricants', 0],
    ['gründe-日本', 20],
  ])('of "%s" is %i of 50', (groupId, partition) => {
    expect(partitionForGroup(groupId, 50)).toBe(partition);
  });
});

describe('member identity', () => {
  it.each([
    ['127.0.0.1', '/127.0.0.1'],
    ['::ffff:10.1.2.3', '/10.1.2.3'],
    ['::1', '/0:0:0:0:0:0:0:1'],
    ['fe80::00ab:1%eth0', '/fe80:0:0:0:0:0:ab:1%eth0'],
    ['2001:DB8:1:2:3:4:5:6', '/2001:db8:1:2:3:4:5:6'],
  ])('%s is printed as Java prints it', (address, text) => {
    expect(hostText(address)).toBe(text);
  });

  it('makes uuids of version 4', () => {
    const uuid = memberUuid({ int: () => 0, bytes: (length) => Buffer.alloc(length, 0xff) });
    expect(uuid).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  });
});
