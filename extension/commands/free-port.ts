import { createServer } from 'node:net';

const loopback = '127.0.0.1';
const controllerDistance = 1000;
const highestPort = 65_535 - controllerDistance;
const attempts = 200;

/**
 * The first port above `port` from which on clients and controllers of `brokers` brokers all find room; undefined when there
 * is none near.
 */
export async function nextFreePort(port: number, brokers = 1): Promise<number | undefined> {
  for (let next = port + 1; next + brokers - 1 <= Math.min(highestPort, port + attempts); next++) {
    if (await areFree(next, brokers)) return next;
  }
  return undefined;
}

async function areFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port++) {
    if (!(await isFree(port)) || !(await isFree(port + controllerDistance))) return false;
  }
  return true;
}

/** Whether one can listen there right now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
