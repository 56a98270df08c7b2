import { readFileSync } from 'node:fs';
import type { ClusterClientOptions } from '../client/cluster-client.ts';

/**
 * What a Kafka client's properties (`security.protocol`, `sasl.*`, `ssl.*`, time-outs, `client.id`) mean for our client.
 *
 * @throws TypeError for settings that are not supported or do not go together
 */
export function clientOptions(
  bootstrap: string,
  properties: ReadonlyMap<string, string>,
  defaultClientId: string,
): ClusterClientOptions {
  const protocol = (properties.get('security.protocol') ?? 'PLAINTEXT').toUpperCase();
  if (!['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'].includes(protocol)) {
    throw new TypeError(`security.protocol ${protocol} is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL`);
  }
  const requestTimeoutMs = milliseconds(properties, 'request.timeout.ms');
  const retryTimeoutMs = milliseconds(properties, 'default.api.timeout.ms');
  const connectTimeoutMs = milliseconds(properties, 'socket.connection.setup.timeout.ms');
  const tls = protocol.endsWith('SSL') ? tlsOptions(properties) : undefined;
  const sasl = protocol.startsWith('SASL') ? saslOptions(properties) : undefined;
  return {
    bootstrap,
    clientId: properties.get('client.id') ?? defaultClientId,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(retryTimeoutMs === undefined ? {} : { retryTimeoutMs }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  };
}

function milliseconds(properties: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = properties.get(name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new TypeError(`${name} must be a number of milliseconds, not '${text}'`);
  return Number(text);
}

type Tls = NonNullable<ClusterClientOptions['tls']>;
type Sasl = NonNullable<ClusterClientOptions['sasl']>;

function tlsOptions(properties: ReadonlyMap<string, string>): Tls {
  const ca = pem(properties, 'ssl.truststore');
  const key = properties.get('ssl.keystore.key') ?? pem(properties, 'ssl.keystore');
  const cert = properties.get('ssl.keystore.certificate.chain') ?? key;
  const passphrase = properties.get('ssl.key.password');
  const checksHost = properties.get('ssl.endpoint.identification.algorithm') !== '';
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined ? {} : { key }),
    ...(cert === undefined ? {} : { cert }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(checksHost ? {} : { checksHost }),
  };
}

/** A PEM text, given as it is (`….certificates`) or in a file (`….location`). */
function pem(properties: ReadonlyMap<string, string>, store: string): string | undefined {
  const inline = properties.get(`${store}.certificates`);
  if (inline !== undefined) return inline;
  const location = properties.get(`${store}.location`);
  if (location === undefined) return undefined;
  const text = readFileSync(location, 'latin1');
  if (!text.includes('-----BEGIN ')) {
    throw new TypeError(`${location} is not a PEM file; convert the key store to PEM (${store}.type=PEM)`);
  }
  return text;
}

function saslOptions(properties: ReadonlyMap<string, string>): Sasl {
  const mechanism = (properties.get('sasl.mechanism') ?? 'GSSAPI').toUpperCase();
  const jaas = jaasOptions(properties.get('sasl.jaas.config') ?? '');
  switch (mechanism) {
    case 'PLAIN':
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512': {
      const username = jaas.get('username');
      const password = jaas.get('password');
      if (username === undefined || password === undefined) {
        throw new TypeError('sasl.jaas.config must name a username and a password');
      }
      return { mechanism, username, password };
    }
    case 'OAUTHBEARER': {
      const value = properties.get('sasl.oauthbearer.token');
      if (value === undefined) throw new TypeError('OAUTHBEARER needs the token in sasl.oauthbearer.token');
      return { mechanism, token: () => Promise.resolve({ value }) };
    }
    default:
      throw new TypeError(
        `sasl.mechanism ${mechanism} is not supported; use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER`,
      );
  }
}

/** The `name="value"` pairs of a login module's line. */
function jaasOptions(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const match of text.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;]+))/g)) {
    const [, name, quoted, single, bare] = match;
    options.set(name!, quoted?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '');
  }
  return options;
}
