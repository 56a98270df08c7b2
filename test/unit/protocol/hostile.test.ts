import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_MESSAGES } from '../../../extension/protocol/generated/all-messages.ts';
import { fetchRequest } from '../../../extension/protocol/generated/fetch-request.ts';
import { metadataRequest } from '../../../extension/protocol/generated/metadata-request.ts';
import { type AnyMessageType, decodeMessage, encodeMessage } from '../../../extension/protocol/message-type.ts';
import { ProtocolError, ProtocolErrorCode } from '../../../extension/protocol/protocol-error.ts';
import { LONG_MAX, LONG_MIN, Reader } from '../../../extension/protocol/reader.ts';
import { Writer } from '../../../extension/protocol/writer.ts';
import { readVectors } from './vectors.ts';

/** More for a long hunt: FUZZ_RUNS=100000. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 3000);

/** Reads, and fails on anything but a message or a ProtocolError. A message must encode to bytes that read the same. */
function mustSurvive(type: AnyMessageType, bytes: Buffer, version: number): void {
  let message: unknown;
  try {
    message = decodeMessage(type, bytes, version);
  } catch (error) {
    if (error instanceof ProtocolError) return;
    throw error;
  }
  const again = encodeMessage(type, message, version);
  expect(decodeMessage<unknown, unknown>(type, again, version)).toEqual(message);
}

const anyMessage = fc
  .constantFrom(...ALL_MESSAGES.map(({ type }) => type))
  .chain((type) => fc.tuple(fc.constant(type), fc.integer({ min: type.lowestVersion, max: type.highestVersion })));

function errorOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return 'none';
}

describe('decoders on hostile bytes', () => {
  it('refuse random bytes with a coded error, or read them', () => {
    fc.assert(
      fc.property(anyMessage, fc.uint8Array({ maxLength: 200 }), ([type, version], bytes) =>
        mustSurvive(type, Buffer.from(bytes), version),
      ),
      { numRuns },
    );
  });

  it('survive real messages with bytes changed', () => {
    const vectors = [...readVectors()].flatMap(([name, list]) => {
      const type = ALL_MESSAGES.find((message) => message.type.name === name)!.type;
      return list.filter(({ kind }) => kind === 'RANDOM' || kind === 'EXTREME').map((vector) => ({ type, vector }));
    });
    const change = fc.tuple(fc.nat(), fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xff));
    fc.assert(
      fc.property(
        fc.constantFrom(...vectors),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        ({ type, vector }, changes) => {
          const bytes = Buffer.from(vector.bytes);
          if (bytes.length === 0) return;
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          mustSurvive(type, bytes, vector.version);
        },
      ),
      { numRuns },
    );
  });

  it.each([
    ['an array of two thousand million', [0x7f, 0xff, 0xff, 0xff]],
    ['an array with a length below null', [0x80, 0, 0, 0]],
  ])('refuse %s before making room for it', (_, count) => {
    // Metadata v4 begins with the topics' count.
    const code = errorOf(() => decodeMessage(metadataRequest, Buffer.from([...count, 0, 0, 0]), 4));
    expect([ProtocolErrorCode.TRUNCATED, ProtocolErrorCode.BAD_LENGTH]).toContain(code);
  });

  it('refuse a compact array, string or tag that claims more than is left', () => {
    const claim = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(errorOf(() => decodeMessage(metadataRequest, claim, 12))).toBe(ProtocolErrorCode.TRUNCATED);
    expect(errorOf(() => new Reader(claim).compactString())).toBe(ProtocolErrorCode.TRUNCATED);
    expect(errorOf(() => new Reader(claim).compactBytes())).toBe(ProtocolErrorCode.TRUNCATED);
  });

  it('do not hang on a count of tags that is not there', () => {
    const request = encodeMessage(fetchRequest, { maxWaitMs: 0, minBytes: 0, topics: [] }, 12);
    const bytes = Buffer.concat([request.subarray(0, -1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])]);
    expect(errorOf(() => decodeMessage(fetchRequest, bytes, 12))).toBe(ProtocolErrorCode.TRUNCATED);
  });

  it('refuse tags that do not ascend', () => {
    const bytes = encodeMessage(
      metadataRequest,
      { topics: [], unknownTaggedFields: [{ tag: 9, data: Buffer.alloc(1) }] },
      12,
    );
    bytes[bytes.length - 4] = 2;
    const twice = Buffer.concat([bytes, Buffer.from([9, 1, 0])]);
    expect(errorOf(() => decodeMessage(metadataRequest, twice, 12))).toBe(ProtocolErrorCode.BAD_TAG);
  });

  it.each([
    ['five bytes with too many bits', [0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ])('refuse a varint of %s', (_, bytes) => {
    expect(errorOf(() => new Reader(Buffer.from(bytes)).unsignedVarint())).toBe(ProtocolErrorCode.BAD_VARINT);
  });

  it('refuse a string and bytes below null, and null where none may be', () => {
    expect(errorOf(() => new Reader(Buffer.from([0xff, 0xfe])).nullableString())).toBe(ProtocolErrorCode.BAD_LENGTH);
    expect(errorOf(() => new Reader(Buffer.from([0xff, 0xff])).string())).toBe(ProtocolErrorCode.BAD_LENGTH);
    expect(errorOf(() => new Reader(Buffer.from([0xff, 0xff, 0xff, 0xfe])).nullableBytes())).toBe(
      ProtocolErrorCode.BAD_LENGTH,
    );
    expect(errorOf(() => new Reader(Buffer.from([0])).compactString())).toBe(ProtocolErrorCode.BAD_LENGTH);
  });

  it('refuse a version that does not exist', () => {
    expect(errorOf(() => decodeMessage(fetchRequest, Buffer.alloc(10), 3))).toBe(ProtocolErrorCode.UNSUPPORTED_VERSION);
    expect(errorOf(() => decodeMessage(fetchRequest, Buffer.alloc(10), 99))).toBe(
      ProtocolErrorCode.UNSUPPORTED_VERSION,
    );
  });
});

describe('64-bit integers', () => {
  it('are read as they were written, to 2^53 - 1 and at the two ends', () => {
    const value = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(LONG_MAX, LONG_MIN, Number.MAX_SAFE_INTEGER, -1, 0));
    fc.assert(
      fc.property(value, (number) => {
        const writer = new Writer();
        writer.int64(number);
        expect(new Reader(writer.toBuffer()).int64()).toBe(number);
      }),
    );
  });

  it.each([2 ** 53, -(2 ** 53), 2 ** 62, 1.5, NaN])('%d cannot be written', (number) => {
    expect(errorOf(() => new Writer().int64(number))).toBe(ProtocolErrorCode.UNREPRESENTABLE);
  });
});

describe('encoders', () => {
  it('refuse a field that the version does not have, unless it may be ignored', () => {
    const topics = [
      { topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1, lastFetchedEpoch: 3 }] },
    ];
    const request = { maxWaitMs: 0, minBytes: 0, topics };
    expect(errorOf(() => encodeMessage(fetchRequest, request, 11))).toBe(ProtocolErrorCode.UNREPRESENTABLE);
    expect(errorOf(() => encodeMessage(fetchRequest, request, 12))).toBe('none');
    expect(errorOf(() => encodeMessage(fetchRequest, { ...request, topics: [], rackId: 'r' }, 4))).toBe('none');
  });

  it('write the same wherever a buffer ends', () => {
    const write = (writer: Writer): Buffer => {
      for (let i = 0; i < 40; i++) {
        writer.bool(i % 3 === 0);
        writer.int8(-i);
        writer.int16(-i);
        writer.uint16(i);
        writer.int32(-i);
        writer.int64(-i);
        writer.bits64(-1n);
        writer.float64(i / 3);
        writer.uuid('EbXCsc7G191KBZxNLpy6Qw');
        writer.unsignedVarint(i * 100);
        writer.string('ü'.repeat(i));
        writer.nullableBytes(Buffer.alloc(i, i));
      }
      return writer.toBuffer();
    };
    const expected = write(new Writer(1_000_000));
    for (let size = 1; size < 200; size++) expect(write(new Writer(size))).toEqual(expected);
  });

  it('hand large byte arrays on without a copy', () => {
    const large = Buffer.alloc(100_000, 7);
    const writer = new Writer();
    const setSize = writer.sizePrefix();
    writer.int32(1);
    writer.nullableRecords([large, large.subarray(0, 5000)]);
    writer.int16(2);
    setSize();
    const chunks = writer.chunks();
    expect(chunks.map((chunk) => chunk.length)).toEqual([12, 100_000, 5000, 2]);
    expect(chunks[1]!.buffer).toBe(large.buffer);
    expect(chunks[0]!.readInt32BE(0)).toBe(105_010);
    expect(chunks[0]!.readInt32BE(8)).toBe(105_000);
  });
});
