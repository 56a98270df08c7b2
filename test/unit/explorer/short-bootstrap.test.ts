import { expect, test } from 'vitest';
import { shortBootstrap } from '../../../extension/explorer/short-bootstrap.ts';

test.each([
  ['127.0.0.1:9092', '127.0.0.1:9092'],
  ['127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094', '127.0.0.1:9092–9094'],
  ['127.0.0.1:9092,127.0.0.1:9094', '127.0.0.1:9092 and 1 more'],
  ['a:9092,b:9093', 'a:9092 and 1 more'],
  ['[::1]:9092,[::1]:9093', '[::1]:9092–9093'],
])('%s: %s', (bootstrap, expected) => expect(shortBootstrap(bootstrap)).toBe(expected));
