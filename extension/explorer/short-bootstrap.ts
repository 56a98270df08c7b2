import { t } from '../settings/localize.ts';

/**
 * The addresses of several brokers in as little room as one needs: `127.0.0.1:9092–9094` where the ports follow each other,
 * else the first and how many more there are.
 */
export function shortBootstrap(bootstrap: string): string {
  const addresses = bootstrap.split(',');
  const [first = '', ...others] = addresses;
  if (others.length === 0) return first;
  const [host, port] = split(first);
  const isRange = addresses.every((address, index) => {
    const [otherHost, otherPort] = split(address);
    return otherHost === host && otherPort === port + index;
  });
  return isRange ? `${host}:${port}–${port + others.length}` : t('{0} and {1} more', first, others.length);
}

function split(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
