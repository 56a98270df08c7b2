import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  headersProblem,
  parseHeaders,
  topicNameProblem,
  wholeNumberProblem,
} from '../../../extension/commands/topic-input.ts';

describe('a topic name', () => {
  test.each(['orders', 'a', 'A.b_c-9', 'x'.repeat(249)])('%s will do', (name) => {
    expect(topicNameProblem(name)).toBeUndefined();
  });

  test.each([
    ['', 'needs a name'],
    ['.', "called '.'"],
    ['..', "called '..'"],
    ['x'.repeat(250), '250 characters; at most 249'],
    ['my topic', "' ' is not allowed"],
    ['naïve', "'ï' is not allowed"],
    ['orders', "a topic 'orders' already"],
    ['a_b', "Too close to 'a.b'"],
  ])("'%s' will not", (name, problem) => {
    expect(topicNameProblem(name, new Set(['orders', 'a.b']))).toContain(problem);
  });
});

test.each([
  ['1', undefined],
  [' 10 ', undefined],
  ['0', 'At least 1.'],
  ['11', 'At most 10.'],
  ['', 'Write a whole number.'],
  ['-1', 'Write a whole number.'],
  ['1.5', 'Write a whole number.'],
  ['9'.repeat(30), 'Write a whole number.'],
])("'%s' as a number from 1 to 10: %s", (text, problem) => expect(wholeNumberProblem(text, 1, 10)).toBe(problem));

describe('headers', () => {
  test('are names and values between commas', () => {
    expect(parseHeaders('')).toEqual([]);
    expect(parseHeaders('trace=1, user = ann , flag')).toEqual([
      { key: 'trace', value: '1' },
      { key: 'user', value: 'ann' },
      { key: 'flag', value: '' },
    ]);
    expect(parseHeaders('a=b=c')).toEqual([{ key: 'a', value: 'b=c' }]);
    expect(parseHeaders('list=1\\,2, path=C:\\\\x')).toEqual([
      { key: 'list', value: '1,2' },
      { key: 'path', value: 'C:\\x' },
    ]);
  });

  test('need names', () => {
    expect(headersProblem('')).toBeUndefined();
    expect(headersProblem('a=1')).toBeUndefined();
    expect(headersProblem('a=1, =2')).toContain('needs a name');
  });

  test('come back as they were written', () => {
    const word = fc.stringMatching(/^[a-z][a-z ,\\=]*[a-z]$/);
    const header = fc.record({ key: fc.stringMatching(/^[a-z]+$/), value: word });
    fc.assert(
      fc.property(fc.array(header), (headers) => {
        const text = headers.map(({ key, value }) => `${key}=${value.replace(/[\\,]/g, '\\$&')}`).join(', ');
        expect(parseHeaders(text)).toEqual(headers);
      }),
    );
  });
});
