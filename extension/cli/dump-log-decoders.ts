import { ALL_MESSAGES } from '../protocol/generated/all-messages.ts';
import { Reader } from '../protocol/reader.ts';
import type { RecordDecoder } from './dump-log-batches.ts';

/** Decoders of records that Kafka writes for itself, as JSON. What cannot be decoded is said in its place. */

function typesOf(module: string, kind: string): ReadonlyMap<number, (typeof ALL_MESSAGES)[number]['type']> {
  const found = ALL_MESSAGES.filter((message) => message.module === module && message.kind === kind);
  return new Map(found.map(({ type }) => [type.apiKey, type]));
}

function json(value: unknown): string {
  const text = JSON.stringify(value, (key, item: unknown) => {
    if (key === 'unknownTaggedFields') return undefined;
    if (isBufferJson(item)) return Buffer.from(item.data).toString('base64');
    return typeof item === 'bigint' ? `${BITS_64}${item}` : item;
  });
  return text.replace(MARKED_BITS_64, '$1');
}

/** Marks 64 bits that a JSON number of ours would round, until the quotes are taken off. No name or id begins so. */
const BITS_64 = '\u{F0000}';
const MARKED_BITS_64 = /"\u{F0000}(-?\d+)"/gu;

/** What a Buffer has become by the time that a replacer sees it. */
function isBufferJson(item: unknown): item is { readonly type: 'Buffer'; readonly data: number[] } {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer' && 'data' in item;
}

function attempt(decode: () => string): string {
  try {
    return decode();
  } catch (error) {
    return `<cannot be decoded: ${(error as Error).message}>`;
  }
}

/**
 * `__consumer_offsets`, `__transaction_state`, `__share_group_state`: the key's version (int16) is the type of the record,
 * the value has a version of its own.
 */
export function coordinatorDecoder(module: string): RecordDecoder {
  const keys = typesOf(module, 'coordinator-key');
  const values = typesOf(module, 'coordinator-value');
  return (key, value) => {
    const type = key === null || key.length < 2 ? -1 : key.readInt16BE(0);
    const keyType = keys.get(type);
    const valueType = values.get(type);
    const keyText = attempt(() => {
      if (key === null || keyType === undefined) throw new Error(`unknown type ${type}`);
      return json({ type: String(type), data: keyType.read(new Reader(key, 2), keyType.lowestVersion) });
    });
    if (value === null) return { key: keyText, value: '<DELETE>' };
    const valueText = attempt(() => {
      const version = value.readInt16BE(0);
      if (valueType === undefined) throw new Error(`unknown type ${type}`);
      return json({ version: String(version), data: valueType.read(new Reader(value, 2), version) });
    });
    return { key: keyText, value: valueText };
  };
}

/** `__cluster_metadata`: frame version, type and version of the record as unsigned varints, then the record. */
export function metadataDecoder(): RecordDecoder {
  const types = typesOf('metadata', 'metadata');
  return (key, value) => ({
    key: key === null ? null : key.toString('utf8'),
    value:
      value === null
        ? null
        : attempt(() => {
            const reader = new Reader(value);
            reader.unsignedVarint();
            const type = types.get(reader.unsignedVarint());
            const version = reader.unsignedVarint();
            if (type === undefined) throw new Error('unknown type');
            return json({ type: constantCase(type.name), version, data: type.read(reader, version) });
          }),
  });
}

/** `RegisterBrokerRecord` → `REGISTER_BROKER_RECORD`. */
function constantCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
}
