import { ALL_MESSAGES } from '../../protocol/generated/all-messages.ts';
import { decodeMessage } from '../../protocol/message-type.ts';
import type { AnyMessageType } from '../../protocol/message-type.ts';
import { Reader } from '../../protocol/reader.ts';
import { hexPairs } from '../../shared/bytes-text.ts';
import { branch, leaf } from './lazy-node.ts';
import type { LazyNode } from './lazy-node.ts';

/** Decodes the records of a topic whose schemas Kafka publishes. */
export interface KnownRecords {
  /** A node with the fields, or undefined for a record that is none of them. */
  decode(key: Buffer | null, value: Buffer | null): LazyNode | undefined;
}

/** Kafka's own topics, by name; `checkpoint` stands for the snapshots of the metadata log. */
export function knownRecordsOf(topic: string | undefined, isCheckpoint: boolean): KnownRecords | undefined {
  if (isCheckpoint || topic === '__cluster_metadata') return metadataRecords;
  if (topic === '__consumer_offsets') return coordinatorRecords('group-coordinator');
  if (topic === '__transaction_state') return coordinatorRecords('transaction-coordinator');
  return topic === '__share_group_state' ? coordinatorRecords('share-coordinator') : undefined;
}

function typesOf(module: string, kind: string): ReadonlyMap<number, AnyMessageType> {
  const listed = ALL_MESSAGES.filter((message) => message.module === module && message.kind === kind);
  return new Map(listed.map(({ type }) => [type.apiKey, type]));
}

/** `__cluster_metadata`: the value is frame version, record type and version as unsigned varints, then the fields. */
const metadataRecords: KnownRecords = {
  decode: (_key, value) =>
    value === null
      ? undefined
      : attempt(() => {
          const reader = new Reader(value);
          reader.unsignedVarint();
          const type = typesOf('metadata', 'metadata').get(reader.unsignedVarint());
          const version = reader.unsignedVarint();
          if (type === undefined) return undefined;
          return message(type.name, decodeMessage(type, value.subarray(reader.position), version));
        }),
};

/** Key: record type (i16) and the fields of the key's message; value: its version (i16) and fields. */
function coordinatorRecords(module: string): KnownRecords {
  const keys = typesOf(module, 'coordinator-key');
  const values = typesOf(module, 'coordinator-value');
  return {
    decode: (key, value) =>
      key === null || key.length < 2
        ? undefined
        : attempt(() => {
            const id = key.readInt16BE(0);
            const keyType = keys.get(id);
            const valueType = values.get(id);
            if (keyType === undefined) return undefined;
            const parts: Record<string, unknown> = { key: decodeMessage(keyType, key.subarray(2), 0) };
            if (value === null) parts.value = null;
            else if (valueType !== undefined && value.length >= 2) {
              parts.value = decodeMessage(valueType, value.subarray(2), value.readInt16BE(0));
            }
            return message(keyType.name.replace(/Key$/, ''), parts);
          }),
  };
}

function attempt(decode: () => LazyNode | undefined): LazyNode | undefined {
  try {
    return decode();
  } catch {
    // The raw key and value are shown all the same.
    return undefined;
  }
}

/** A decoded message as a tree; it has no bytes of its own. */
function message(name: string, fields: unknown): LazyNode {
  const made = valueNode(name, fields, 'record');
  return { ...made, node: { ...made.node, value: summaryOf(fields) } };
}

const SUMMARY_FIELDS = 4;

/** The first few plain fields, wherever they are: what tells one record from the next. */
function summaryOf(fields: unknown): string {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value) || Array.isArray(value)) return;
    for (const [name, each] of Object.entries(value)) {
      if (found.length === SUMMARY_FIELDS) return;
      if (typeof each === 'object') visit(each);
      else if (each !== undefined) found.push(`${name} ${String(each)}`);
    }
  };
  visit(fields);
  return found.join(', ');
}

const derived = { at: null, size: 0, tint: null } as const;

function valueNode(label: string, value: unknown, icon: 'field' | 'record' = 'field'): LazyNode {
  if (Buffer.isBuffer(value)) return leaf({ ...derived, label, value: hexPairs(value.subarray(0, 256)), icon });
  if (typeof value !== 'object' || value === null) return leaf({ ...derived, label, value: String(value), icon });
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const text = Array.isArray(value) ? `${entries.length}` : '';
  const children = entries.map(([name, each]) => valueNode(name, each));
  return branch({ ...derived, label, value: text, icon }, children);
}

const CONTROL_TYPES = [
  'ABORT',
  'COMMIT',
  'LEADER_CHANGE',
  'SNAPSHOT_HEADER',
  'SNAPSHOT_FOOTER',
  'KRAFT_VERSION',
  'KRAFT_VOTERS',
] as const;

const CONTROL_MESSAGES: Readonly<Record<number, string>> = {
  2: 'LeaderChangeMessage',
  3: 'SnapshotHeaderRecord',
  4: 'SnapshotFooterRecord',
  5: 'KRaftVersionRecord',
  6: 'VotersRecord',
};

/** Control records: the key is version and type (both i16). */
export const controlRecords: KnownRecords = {
  decode: (key, value) => {
    if (key === null || key.length < 4) return undefined;
    const id = key.readInt16BE(2);
    const name = CONTROL_TYPES[id] ?? `control type ${id}`;
    if (value !== null && id <= 1 && value.length >= 6) {
      return message(name, { version: value.readInt16BE(0), coordinatorEpoch: value.readInt32BE(2) });
    }
    const type = ALL_MESSAGES.find((listed) => listed.type.name === CONTROL_MESSAGES[id])?.type;
    const decoded =
      type === undefined || value === null || value.length < 2
        ? undefined
        : attempt(() => message(name, decodeMessage(type, value, value.readInt16BE(0))));
    return decoded ?? message(name, {});
  },
};
