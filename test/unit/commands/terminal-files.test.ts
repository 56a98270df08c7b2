import { expect, test } from 'vitest';
import { serverProperties } from '../../../extension/commands/terminal-files.ts';

test('server.properties tells the ports and the log directory', () => {
  const lines = serverProperties(19_092, '/data').split('\n');
  expect(lines).toContain('listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:20092');
  expect(lines).toContain('log.dirs=/data/broker-1');
});

test('a port that is chosen freely is written as the usual one', () => {
  expect(serverProperties(0, '/data')).toContain('PLAINTEXT://127.0.0.1:9092,');
});
