import { describe, expect, test } from 'vitest';
import { addressOf, networkErrorFrom } from '../../../extension/net/network-error.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('networkErrorFrom', () => {
  test.each([
    ['ECONNREFUSED', 'CONNECTION_REFUSED', true],
    ['ENOTFOUND', 'HOST_NOT_FOUND', false],
    ['EAI_AGAIN', 'HOST_NOT_FOUND', false],
    ['ETIMEDOUT', 'TIMED_OUT', true],
    ['EHOSTUNREACH', 'HOST_UNREACHABLE', true],
    ['ECONNRESET', 'CONNECTION_CLOSED', true],
    ['EPIPE', 'CONNECTION_CLOSED', true],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_FAILED', false],
    ['ESOMETHING', 'CONNECTION_CLOSED', true],
  ])('%s is %s', (system, code, retriable) => {
    const error = networkErrorFrom(systemError(system), 'kafka:9092', false);
    expect(error).toMatchObject({ code, retriable, address: 'kafka:9092' });
    expect(error.message).toContain('kafka:9092');
  });

  test('takes the first of several attempts', () => {
    const both = new AggregateError([systemError('ECONNREFUSED'), systemError('ENETUNREACH')]);
    expect(networkErrorFrom(both, 'localhost:1', false).code).toBe('CONNECTION_REFUSED');
  });

  test.each(['ECONNRESET', 'DEPTH_ZERO_SELF_SIGNED_CERT'])('%s during a handshake is TLS_FAILED', (system) => {
    expect(networkErrorFrom(systemError(system), 'kafka:9093', true).code).toBe('TLS_FAILED');
  });
});

test('addressOf puts IPv6 in brackets', () => {
  expect(addressOf('::1', 9092)).toBe('[::1]:9092');
  expect(addressOf('kafka', 9092)).toBe('kafka:9092');
});
