import { expect, test } from 'vitest';
import { parseBootstrap } from '../../../extension/client/bootstrap.ts';

test.each([
  ['localhost:9092', [{ host: 'localhost', port: 9092 }]],
  [
    'a:1, b:2 ,',
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
  ],
  ['kafka', [{ host: 'kafka', port: 9092 }]],
  ['[::1]:9093', [{ host: '::1', port: 9093 }]],
  ['SASL_SSL://broker.example.com:9094', [{ host: 'broker.example.com', port: 9094 }]],
])('%s', (text, expected) => {
  expect(parseBootstrap(text)).toEqual(expected);
});

test('takes a list', () => {
  expect(parseBootstrap(['a:1', 'b:2'])).toHaveLength(2);
});

test.each(['', ' , ', 'a:0', 'a:70000', 'a b:1', 'http://x/y', '::1:9092'])('refuses %j', (text) => {
  expect(() => parseBootstrap(text)).toThrow(TypeError);
});
