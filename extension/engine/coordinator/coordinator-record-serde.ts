import { groupMetadataKey } from '../../protocol/generated/group-metadata-key.ts';
import { groupMetadataValue } from '../../protocol/generated/group-metadata-value.ts';
import type { GroupMetadataValueInput } from '../../protocol/generated/group-metadata-value.ts';
import { legacyOffsetCommitKey } from '../../protocol/generated/legacy-offset-commit-key.ts';
import { legacyOffsetCommitValue } from '../../protocol/generated/legacy-offset-commit-value.ts';
import { offsetCommitKey } from '../../protocol/generated/offset-commit-key.ts';
import { offsetCommitValue } from '../../protocol/generated/offset-commit-value.ts';
import { ZERO_UUID } from '../common/random.ts';
import { decodeMessage } from '../../protocol/message-type.ts';
import type { MessageType } from '../../protocol/message-type.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Logger } from '../common/logger.ts';
import { GroupType } from './coordinator-record.ts';
import type { CoordinatorRecord, ForeignGroupRecord } from './coordinator-record.ts';
import type { CoordinatorRecordSerde } from './coordinator-shard.ts';
import type { OffsetAndMetadata } from './offset-and-metadata.ts';

/**
 * `__consumer_offsets`: the key is the record type (i16) and the fields of the type's key message, version 0; the value
 * is the version (i16) and the fields of the type's value message in it. A null value is a tombstone.
 */

/** A version that expires (1) is written for commits with a retention of their own, as Kafka 4.3 does. */
const OFFSET_VALUE_VERSION = 4;
const EXPIRING_OFFSET_VALUE_VERSION = 1;
const GROUP_VALUE_VERSION = 3;

interface ForeignType {
  readonly groupType: GroupType;
  readonly role: ForeignGroupRecord['role'];
}

/** Record types of KIP-848, KIP-932 and KIP-1071 groups. Each key starts with the group id. */
const foreignTypes: ReadonlyMap<number, ForeignType> = new Map([
  ...foreignKeys(GroupType.consumer, 3, 5, [4, 6, 7, 8, 16]),
  ...foreignKeys(GroupType.share, 11, 10, [12, 13, 14, 15]),
  ...foreignKeys(GroupType.streams, 17, 19, [18, 20, 21, 22, 23]),
]);

function foreignKeys(
  groupType: GroupType,
  group: number,
  member: number,
  others: readonly number[],
): [number, ForeignType][] {
  return [
    [group, { groupType, role: 'group' }],
    [member, { groupType, role: 'member' }],
    ...others.map((type): [number, ForeignType] => [type, { groupType, role: 'other' }]),
  ];
}

/** Writes and reads the records of `__consumer_offsets`, byte for byte as Apache Kafka 4.3.1 writes them. */
export class GroupCoordinatorRecordSerde implements CoordinatorRecordSerde<CoordinatorRecord> {
  readonly #logger: Logger;
  readonly #unknownTypes = new Set<number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  encode(record: CoordinatorRecord): { key: Buffer; value: Buffer | null } {
    switch (record.kind) {
      case 'offsetCommit': {
        const key = { group: record.groupId, topic: record.topic, partition: record.partition };
        return {
          key: prefixed(offsetCommitKey, key, offsetCommitKey.apiKey, 0),
          value: record.value === null ? null : encodeOffset(record.value),
        };
      }
      case 'groupMetadata':
        return {
          key: prefixed(groupMetadataKey, { group: record.groupId }, groupMetadataKey.apiKey, 0),
          value:
            record.value === null
              ? null
              : prefixed(groupMetadataValue, record.value, GROUP_VALUE_VERSION, GROUP_VALUE_VERSION),
        };
      case 'foreignGroup':
        return { key: record.keyBytes, value: record.valueBytes };
    }
  }

  decode(key: Buffer | null, value: Buffer | null): CoordinatorRecord | undefined {
    if (key === null || key.length < 2) {
      this.#logger.warn('Skipped a coordinator record without key.');
      return undefined;
    }
    const type = key.readInt16BE(0);
    const body = key.subarray(2);
    switch (type) {
      case legacyOffsetCommitKey.apiKey: {
        const { group, topic, partition } = decodeMessage(legacyOffsetCommitKey, body, 0);
        const offset = value === null ? null : decodeOffset(legacyOffsetCommitValue, value);
        return { kind: 'offsetCommit', groupId: group, topic, partition, value: offset };
      }
      case offsetCommitKey.apiKey: {
        const { group, topic, partition } = decodeMessage(offsetCommitKey, body, 0);
        const offset = value === null ? null : decodeOffset(offsetCommitValue, value);
        return { kind: 'offsetCommit', groupId: group, topic, partition, value: offset };
      }
      case groupMetadataKey.apiKey: {
        const { group } = decodeMessage(groupMetadataKey, body, 0);
        const metadata = value === null ? null : decodeGroup(value);
        return { kind: 'groupMetadata', groupId: group, value: metadata };
      }
      default:
        return this.#decodeForeign(type, key, value);
    }
  }

  #decodeForeign(type: number, key: Buffer, value: Buffer | null): ForeignGroupRecord | undefined {
    const foreign = foreignTypes.get(type);
    if (foreign === undefined) {
      if (!this.#unknownTypes.has(type)) {
        this.#unknownTypes.add(type);
        this.#logger.warn(`Group records of type ${type} are not known; they stay in the log and are skipped.`);
      }
      return undefined;
    }
    return {
      kind: 'foreignGroup',
      groupId: new Reader(key, 2).string(),
      ...foreign,
      keyBytes: Buffer.from(key),
      valueBytes: value === null ? null : Buffer.from(value),
    };
  }
}

function prefixed<T, I>(type: MessageType<T, I>, message: I, prefix: number, version: number): Buffer {
  const writer = new Writer(128);
  writer.int16(prefix);
  type.write(writer, message, version);
  return writer.toBuffer();
}

function encodeOffset(offset: OffsetAndMetadata): Buffer {
  const version = offset.expireTimestampMs === undefined ? OFFSET_VALUE_VERSION : EXPIRING_OFFSET_VALUE_VERSION;
  const value = {
    offset: offset.offset,
    leaderEpoch: offset.leaderEpoch,
    metadata: offset.metadata,
    commitTimestamp: offset.commitTimestampMs,
    expireTimestamp: offset.expireTimestampMs,
    topicId: offset.topicId,
  };
  return prefixed(offsetCommitValue, value, version, version);
}

interface OffsetValue {
  readonly offset: number;
  readonly metadata: string;
  readonly commitTimestamp: number;
  readonly expireTimestamp?: number;
  readonly leaderEpoch?: number;
  readonly topicId?: string;
}

function decodeOffset<T extends OffsetValue, I>(type: MessageType<T, I>, bytes: Buffer): OffsetAndMetadata {
  const reader = new Reader(bytes);
  const value = type.read(reader, reader.int16());
  const expireTimestampMs = value.expireTimestamp ?? -1;
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch ?? -1,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: expireTimestampMs === -1 ? undefined : expireTimestampMs,
    topicId: value.topicId ?? ZERO_UUID,
  };
}

function decodeGroup(bytes: Buffer): GroupMetadataValueInput {
  const reader = new Reader(bytes);
  const value = groupMetadataValue.read(reader, reader.int16());
  // What was read are slices of a batch that is not ours to keep.
  for (const member of value.members) {
    member.subscription = Buffer.from(member.subscription);
    member.assignment = Buffer.from(member.assignment);
  }
  return value;
}
