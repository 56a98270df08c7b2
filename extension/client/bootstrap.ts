import type { BrokerAddress } from './broker-connections.ts';

const DEFAULT_PORT = 9092;

/**
 * Reads `host:port,host:port`; a missing port is 9092, IPv6 addresses stand in brackets, a scheme as in
 * `PLAINTEXT://host:port` is ignored.
 *
 * @throws TypeError when a part is no address, or there is none
 */
export function parseBootstrap(bootstrap: string | readonly string[]): BrokerAddress[] {
  const parts = typeof bootstrap === 'string' ? bootstrap.split(',') : bootstrap;
  const addresses = parts.map((part) => part.trim()).filter((part) => part !== '');
  if (addresses.length === 0) throw new TypeError('no bootstrap server is given');
  return addresses.map(parseAddress);
}

function parseAddress(text: string): BrokerAddress {
  const match = /^(?:[A-Za-z_][\w-]*:\/\/)?(?:\[([^\]]+)\]|([^:\s/]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new TypeError(`'${text}' is not a server address; write host:port`);
  }
  return { host, port };
}
