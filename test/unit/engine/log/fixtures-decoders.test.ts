import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { GroupCoordinatorRecordSerde } from '../../../../extension/engine/coordinator/coordinator-record-serde.ts';
import { imageRecords } from '../../../../extension/engine/metadata/image-records.ts';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { EMPTY_IMAGE, EMPTY_PROVENANCE } from '../../../../extension/engine/metadata/metadata-image.ts';
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { ALL_MESSAGES } from '../../../../extension/protocol/generated/all-messages.ts';
import { consumerProtocolAssignment } from '../../../../extension/protocol/generated/consumer-protocol-assignment.ts';
import { consumerProtocolSubscription } from '../../../../extension/protocol/generated/consumer-protocol-subscription.ts';
import type { AnyMessageType } from '../../../../extension/protocol/message-type.ts';
import { Reader } from '../../../../extension/protocol/reader.ts';
import { Writer } from '../../../../extension/protocol/writer.ts';
import { contentsOf, dumpOf } from './kafka-fixtures.ts';

/** One record as bytes, and what DumpLogSegments decoded it to. */
interface DecodedRecord {
  readonly file: string;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** JSON; undefined where it printed none, `<DELETE>` for a tombstone. */
  readonly keyText: string | undefined;
  readonly valueText: string | undefined;
  readonly isControl: boolean;
}

const bytesOf = (hex: string): Buffer | null => (hex === '-' ? null : Buffer.from(hex, 'hex'));

function recordsOf(partition: string): DecodedRecord[] {
  const lines = [...dumpOf('closed', partition)].flatMap(([, section]) =>
    section.filter((line) => line.startsWith('|')),
  );
  return contentsOf('closed', partition).map((content, index) => {
    const [file, offset, key, value] = content.split(' ');
    const line = lines[index]!;
    expect(line).toContain(`| offset: ${offset} `);
    return {
      file: file!,
      offset: Number(offset),
      key: bytesOf(key!),
      value: bytesOf(value!),
      keyText: / key: (\{.*?\})(?: payload: |$)/.exec(line)?.[1],
      valueText: / payload: (.*)$/.exec(line)?.[1],
      isControl: !line.includes(' payload: '),
    };
  });
}

/** The value as Kafka shows it in JSON: bytes in base64, 64 bits as a number. Kafka leaves out tagged fields unset. */
function shown(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, shown(field)]));
}

function decode(type: AnyMessageType, bytes: Buffer, version: number): unknown {
  const message: unknown = type.read(new Reader(bytes, 2), version);
  const writer = new Writer();
  type.write(writer, message, version);
  // What Kafka wrote is what we write.
  expect(writer.toBuffer().toString('hex')).toBe(bytes.toString('hex', 2));
  return message;
}

/** Members of classic groups carry what Kafka shows decoded; it has a version (int16) in front. */
function withMembersDecoded(message: unknown): unknown {
  const { members } = message as { members?: { subscription: Buffer; assignment: Buffer }[] };
  if (members === undefined) return message;
  const decoded = members.map(({ subscription, assignment, ...rest }) => ({
    ...rest,
    subscription: decode(consumerProtocolSubscription, subscription, subscription.readInt16BE(0)),
    assignment: decode(consumerProtocolAssignment, assignment, assignment.readInt16BE(0)),
  }));
  return { ...(message as object), members: decoded };
}

describe.each([
  ['__consumer_offsets-0', 'group-coordinator', [1, 2, 3, 5, 6, 7, 8]],
  ['__transaction_state-0', 'transaction-coordinator', [0]],
] as const)('%s', (partition, module, types) => {
  const typesOf = (kind: string): Map<number, AnyMessageType> =>
    new Map(
      ALL_MESSAGES.filter((message) => message.module === module && message.kind === kind).map(({ type }) => [
        type.apiKey,
        type,
      ]),
    );

  it('has the records that Kafka decodes', () => {
    const keys = typesOf('coordinator-key');
    const values = typesOf('coordinator-value');
    const seen = new Set<number>();
    for (const { key, value, keyText, valueText, isControl } of recordsOf(partition)) {
      if (isControl) continue;
      const apiKey = key!.readInt16BE(0);
      seen.add(apiKey);
      const keyType = keys.get(apiKey)!;
      const ours = { type: String(apiKey), data: shown(decode(keyType, key!, keyType.lowestVersion)) };
      expect(ours).toMatchObject(JSON.parse(keyText!) as object);
      if (value === null) expect(valueText).toBe('<DELETE>');
      else {
        const version = value.readInt16BE(0);
        const data = shown(withMembersDecoded(decode(values.get(apiKey)!, value, version)));
        expect({ version: String(version), data }).toMatchObject(JSON.parse(valueText!) as object);
      }
    }
    expect([...seen].sort()).toEqual(types);
  });
});

describe('__consumer_offsets-0', () => {
  it('is read by the group coordinator, which writes the same', () => {
    const serde = new GroupCoordinatorRecordSerde(silentLogger);
    const kinds = new Set<string>();
    for (const { key, value, isControl } of recordsOf('__consumer_offsets-0')) {
      if (isControl) continue;
      const record = serde.decode(key, value)!;
      kinds.add(record.kind);
      const again = serde.encode(record);
      expect([again.key.toString('hex'), again.value?.toString('hex')]).toEqual([
        key!.toString('hex'),
        value?.toString('hex'),
      ]);
    }
    expect([...kinds].sort()).toEqual(['foreignGroup', 'groupMetadata', 'offsetCommit']);
  });
});

/** Without what Kafka's image does not keep: the order of features, and which broker asked for producer ids. */
function imageLine(frame: string): string {
  const { type, version, data } = decodeMetadataRecord(Buffer.from(frame, 'hex'));
  if (type === 'PRODUCER_IDS_RECORD') return JSON.stringify([type, version, data.nextProducerId]);
  const inOrder =
    'features' in data ? { ...data, features: data.features.map((feature) => JSON.stringify(feature)).sort() } : data;
  return JSON.stringify([type, version, shown(inOrder)]);
}

describe('__cluster_metadata-0', () => {
  const records = recordsOf('__cluster_metadata-0');
  const data = records.filter(({ isControl }) => !isControl);

  it('has the records that Kafka decodes', () => {
    expect(data.length).toBeGreaterThan(200);
    for (const { value, valueText } of data) {
      const record = decodeMetadataRecord(value!);
      expect(shown(record)).toMatchObject(JSON.parse(valueText!) as object);
      expect(encodeMetadataRecord(record).toString('hex')).toBe(value!.toString('hex'));
    }
  });

  const snapshots = [...new Set(data.map(({ file }) => file))].filter((file) => file.endsWith('.checkpoint'));

  it('has snapshots', () => {
    expect(snapshots.length).toBeGreaterThanOrEqual(3);
  });

  it.each(snapshots)('comes to the image of %s', (snapshot) => {
    const endOffset = Number(snapshot.slice(0, 20));
    const delta = new MetadataDelta(EMPTY_IMAGE);
    const logged = data.filter(({ file, offset }) => file.endsWith('.log') && offset < endOffset);
    for (const { value } of logged) delta.replayFrame(value!);
    const ours = [...imageRecords(delta.apply(EMPTY_PROVENANCE))].map((record) =>
      encodeMetadataRecord(record).toString('hex'),
    );
    const kafkas = data.filter(({ file }) => file === snapshot).map(({ value }) => value!.toString('hex'));
    const show = (frames: string[]): string[] => frames.map(imageLine).sort();
    expect(show(ours)).toEqual(show(kafkas));
  });
});
