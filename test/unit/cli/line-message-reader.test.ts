import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineMessageReader } from '../../../extension/cli/line-message-reader.ts';
import { LineSplitter } from '../../../extension/cli/line-splitter.ts';

function split(chunks: readonly Buffer[]): string[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.end();
  return [...lines, ...(last === undefined ? [] : [last])].map((line) => line.toString('latin1'));
}

describe('LineSplitter', () => {
  test.each([
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\rc', ['a', 'b', 'c']],
    ['a\n\nb', ['a', '', 'b']],
    ['', []],
    ['\n', ['']],
  ])('%j', (text, lines) => {
    expect(split([Buffer.from(text)])).toEqual(lines);
  });

  test('gives the same lines however the bytes are cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r'), maxLength: 30 });
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 6 }), (whole, cuts) => {
        const bytes = Buffer.from(whole);
        const ends = [...new Set([...cuts, bytes.length])].filter((at) => at <= bytes.length).sort((a, b) => a - b);
        const chunks = ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1]!, end));
        expect(split(chunks)).toEqual(split([bytes]));
      }),
    );
  });
});

describe('LineMessageReader', () => {
  const read = (line: string | Buffer, properties: Record<string, string> = {}) => {
    const { key, value, headers } = new LineMessageReader(new Map(Object.entries(properties))).read(Buffer.from(line));
    const text = (field: Buffer | string | null | undefined) =>
      field === null || field === undefined ? null : String(field);
    return {
      key: text(key),
      value: text(value),
      headers: (headers ?? []).map((header) => [header.key, text(header.value)]),
    };
  };

  test('takes the whole line by default', () => {
    expect(read('a\tb')).toEqual({ key: null, value: 'a\tb', headers: [] });
  });

  test('finds keys and headers', () => {
    expect(read('k\tv\tw', { 'parse.key': 'true' })).toMatchObject({ key: 'k', value: 'v\tw' });
    expect(read('k::v', { 'parse.key': 'true', 'key.separator': '::' })).toMatchObject({ key: 'k', value: 'v' });
    expect(read('é:ü', { 'parse.key': 'true', 'key.separator': ':' })).toMatchObject({ key: 'é', value: 'ü' });
    expect(read('h1:a,h2:\tk\tv', { 'parse.key': 'TRUE', 'parse.headers': 'true' })).toEqual({
      key: 'k',
      value: 'v',
      headers: [
        ['h1', 'a'],
        ['h2', ''],
      ],
    });
  });

  test('keeps bytes that are no text', () => {
    const { value } = new LineMessageReader(new Map([['parse.key', 'true']])).read(
      Buffer.from([0x61, 0x09, 0xff, 0xfe]),
    );
    expect(value).toEqual(Buffer.from([0xff, 0xfe]));
  });

  test('puts null where the marker stands', () => {
    const properties = { 'parse.key': 'true', 'parse.headers': 'true', 'null.marker': 'NULL' };
    expect(read('NULL\tNULL\tNULL', properties)).toEqual({ key: null, value: null, headers: [] });
    expect(read('h:NULL\tk\tv', properties).headers).toEqual([['h', null]]);
    expect(() => read('NULL:x\tk\tv', properties)).toThrow(/null marker/);
  });

  test('numbers the line that lacks a separator', () => {
    const reader = new LineMessageReader(new Map([['parse.key', 'true']]));
    reader.read(Buffer.from('k\tv'));
    expect(() => reader.read(Buffer.from('nokey'))).toThrow("No key separator found on line number 2: 'nokey'");
    expect(() => read('h\tv', { 'parse.headers': 'true' })).toThrow(
      "No header key separator found in pair 'h' on line number 1",
    );
    expect(() => read('v', { 'parse.headers': 'true' })).toThrow('No headers delimiter found');
  });

  test('makes do with what there is when errors are ignored', () => {
    expect(read('nokey', { 'parse.key': 'true', 'ignore.error': 'true' })).toMatchObject({ key: null, value: 'nokey' });
    expect(read('h\tv', { 'parse.headers': 'true', 'ignore.error': 'true' }).headers).toEqual([['h', null]]);
  });

  test('refuses separators that cannot be told apart', () => {
    expect(() => read('x', { 'parse.headers': 'true', 'headers.separator': ':' })).toThrow(/may not be equal/);
    expect(() => read('x', { 'null.marker': '\t' })).toThrow(/may not be equal/);
  });
});
