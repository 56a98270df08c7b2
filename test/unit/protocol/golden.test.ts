import { describe, expect, it } from 'vitest';
import { ALL_MESSAGES } from '../../../extension/protocol/generated/all-messages.ts';
import { decodeMessage, encodeMessage } from '../../../extension/protocol/message-type.ts';
import { ProtocolError, ProtocolErrorCode } from '../../../extension/protocol/protocol-error.ts';
import { readVectors, type Vector } from './vectors.ts';

const vectors = readVectors();

/** Messages whose only 64-bit field is a hash, which uses them all. */
const ONLY_HASHES = new Set(['ConsumerGroupMetadataValue', 'ShareGroupMetadataValue', 'StreamsGroupMetadataValue']);

const hasLongs = (list: readonly Vector[]) => list.some((vector) => vector.kind === 'UNSAFE');

describe('golden vectors of Apache Kafka', () => {
  it('cover every message in every version', () => {
    for (const { type } of ALL_MESSAGES) {
      const versions = new Set(vectors.get(type.name)?.map((vector) => vector.version));
      const wanted = type.highestVersion - type.lowestVersion + 1;
      expect([type.name, versions.size]).toEqual([type.name, wanted]);
    }
    expect(vectors.size).toBe(ALL_MESSAGES.length);
  });

  it.each(ALL_MESSAGES.map(({ type }) => [type.name, type] as const))('%s', (name, type) => {
    for (const { version, kind, bytes } of vectors.get(name)!) {
      if (kind === 'UNSAFE') continue;
      const message: unknown = decodeMessage(type, bytes, version);
      const again = encodeMessage(type, message, version);
      expect([version, kind, again.toString('hex')]).toEqual([version, kind, bytes.toString('hex')]);
      if (kind === 'TAGS') expect(message).toHaveProperty('unknownTaggedFields.0.tag', 9000);
    }
  });

  it.each(
    ALL_MESSAGES.filter(({ type }) => hasLongs(vectors.get(type.name)!)).map(({ type }) => [type.name, type] as const),
  )('%s refuses 64-bit numbers past 2^53 - 1, but not hashes', (name, type) => {
    for (const { version, kind, bytes } of vectors.get(name)!) {
      if (kind !== 'UNSAFE') continue;
      if (ONLY_HASHES.has(name)) {
        expect(encodeMessage(type, decodeMessage<unknown, unknown>(type, bytes, version), version)).toEqual(bytes);
        continue;
      }
      expect(() => decodeMessage(type, bytes, version)).toThrow(
        expect.objectContaining({ code: ProtocolErrorCode.UNSAFE_INTEGER }),
      );
    }
  });

  it.each(ALL_MESSAGES.map(({ type }) => [type.name, type] as const))(
    '%s cut short or with a byte too many',
    (name, type) => {
      for (const { version, kind, bytes } of vectors.get(name)!) {
        if (kind !== 'TYPICAL') continue;
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decodeMessage(type, bytes.subarray(0, length), version)).toThrow(ProtocolError);
        }
        expect(() => decodeMessage(type, Buffer.concat([bytes, Buffer.alloc(1)]), version)).toThrow(ProtocolError);
      }
    },
  );
});
