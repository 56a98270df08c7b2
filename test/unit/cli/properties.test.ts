import { describe, expect, test } from 'vitest';
import { clientOptions } from '../../../extension/cli/client-config.ts';
import { parsePairs, parseProperties } from '../../../extension/cli/properties.ts';
import { parseServerStart } from '../../../extension/cli/server-start-arguments.ts';

describe('parseProperties', () => {
  test('reads what Java reads', () => {
    const text = [
      '# comment',
      '! comment too',
      'a=1',
      '  b : two words ',
      'c three',
      'd\\=e=f',
      'long=one,\\',
      '   two,\\',
      '   three',
      'empty=',
      'bare',
      'path=C\\:\\\\data\\tx',
      'unicode=\\u00e9',
      'last=1\r',
      'last=2',
    ].join('\n');
    expect(Object.fromEntries(parseProperties(text))).toEqual({
      a: '1',
      b: 'two words ',
      c: 'three',
      'd=e': 'f',
      long: 'one,two,three',
      empty: '',
      bare: '',
      path: 'C:\\data\tx',
      unicode: 'é',
      last: '2',
    });
  });
});

test('parsePairs splits at the first equals sign', () => {
  expect(Object.fromEntries(parsePairs(['a=b=c', 'd=']))).toEqual({ a: 'b=c', d: '' });
  expect(() => parsePairs(['nope'])).toThrow(TypeError);
});

describe('clientOptions', () => {
  const options = (properties: Record<string, string>) =>
    clientOptions('kafka:9092', new Map(Object.entries(properties)), 'me');

  test('are plain by default', () => {
    expect(options({})).toEqual({ bootstrap: 'kafka:9092', clientId: 'me' });
  });

  test('log in with what a login module says', () => {
    const { sasl, tls } = options({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="u\\"1" password=\'p w\';',
      'ssl.truststore.certificates': 'PEM',
      'ssl.endpoint.identification.algorithm': '',
    });
    expect(sasl).toEqual({ mechanism: 'SCRAM-SHA-512', username: 'u"1', password: 'p w' });
    expect(tls).toEqual({ ca: 'PEM', checksHost: false });
  });

  test('give tokens', async () => {
    const { sasl } = options({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token': 'abc',
    });
    expect(sasl?.mechanism === 'OAUTHBEARER' && (await sasl.token())).toEqual({ value: 'abc' });
  });

  test('carry time-outs and the client id', () => {
    expect(options({ 'request.timeout.ms': '5', 'default.api.timeout.ms': '6', 'client.id': 'x' })).toMatchObject({
      requestTimeoutMs: 5,
      retryTimeoutMs: 6,
      clientId: 'x',
    });
  });

  test.each([
    [{ 'security.protocol': 'HTTP' }, /none of PLAINTEXT/],
    [{ 'security.protocol': 'SASL_SSL' }, /GSSAPI is not supported/],
    [{ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }, /username and a password/],
    [{ 'request.timeout.ms': 'soon' }, /number of milliseconds/],
  ])('refuse %j', (properties, text) => {
    expect(() => options(properties)).toThrow(text);
  });
});

describe('parseServerStart', () => {
  test('reads file, overrides and daemon', () => {
    const parsed = parseServerStart(['-daemon', 'server.properties', '--override', 'a=1', '--override=b=2']);
    expect(parsed).toMatchObject({ file: 'server.properties', isDaemon: true });
    expect(Object.fromEntries(parsed!.overrides)).toEqual({ a: '1', b: '2' });
  });

  test.each([
    [[]],
    [['--override', 'a=1']],
    [['f', '--override']],
    [['f', 'x']],
    [['f', '--override', 'nope']],
    [['f', '--overrides', 'a=1']],
  ])('refuses %j', (args) => {
    expect(parseServerStart(args)).toBeUndefined();
  });
});
