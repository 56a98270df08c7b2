import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asJson,
  asText,
  cutAtCharacter,
  formatBytesAs,
  guessFormat,
  hexDump,
  previewBytes,
} from '../../../extension/shared/bytes-text.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('text is UTF-8 without control characters', () => {
  expect(asText(bytes('Zürich\n\tok'))).toBe('Zürich\n\tok');
  expect(asText(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
  expect(asText(bytes('a\u0000b'))).toBeUndefined();
});

test('a preview is one line, cut with an ellipsis, hex for binary', () => {
  expect(previewBytes(bytes('a\n  b'), 20)).toEqual({ text: 'a b', binary: false, sizeBytes: 5 });
  expect(previewBytes(bytes('x'.repeat(30)), 10).text).toBe(`${'x'.repeat(10)}…`);
  expect(previewBytes(Uint8Array.of(0, 255, 16), 30)).toEqual({ text: '00 ff 10', binary: true, sizeBytes: 3 });
  expect(previewBytes(new Uint8Array(5000), 9).text).toBe('00 00 00 …');
});

test('a cut never leaves half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(40), (text, limit) => {
      const cut = cutAtCharacter(bytes(text), limit);
      expect(cut.length).toBeLessThanOrEqual(limit);
      expect(text.startsWith(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(cut))).toBe(true);
    }),
  );
});

test('indented JSON means the same and keeps long numbers', () => {
  expect(asJson('{"id":12345678901234567890,"a":[1,{}],"b":[]}')).toBe(
    '{\n  "id": 12345678901234567890,\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}',
  );
  expect(asJson('{"open":')).toBeUndefined();
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(JSON.parse(asJson(json) ?? 'null')).toEqual(JSON.parse(json));
    }),
  );
});

test('the format follows the content', () => {
  expect(guessFormat(bytes(' {"a":1}'))).toBe('json');
  expect(guessFormat(bytes('{not json'))).toBe('text');
  expect(guessFormat(bytes('42'))).toBe('text');
  expect(guessFormat(Uint8Array.of(1, 2))).toBe('hex');
});

test('a hex dump has position, pairs and what is printable', () => {
  expect(hexDump(bytes('Kafka\u0000log'), 8)).toEqual([
    '00000000  4b 61 66 6b 61 00 6c 6f  Kafka·lo',
    '00000008  67                       g',
  ]);
  expect(formatBytesAs(Uint8Array.of(0x41), 'hex')).toMatch(/^00000000 {2}41 +A$/);
  expect(formatBytesAs(bytes('no json'), 'json')).toBe('no json');
});
