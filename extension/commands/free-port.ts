import { createServer } from 'node:net';

const loopback = '127.0.0.1';
const controllerDistance = 1000;
const highestPort = 65_535 - controllerDistance;
const attempts = 200;

/** The first port above `port` where client and controller listeners both find room; undefined when there is none near. */
export async function nextFreePort(port: number): Promise<number | undefined> {
  for (let next = port + 1; next <= Math.min(highestPort, port + attempts); next++) {
    if ((await isFree(next)) && (await isFree(next + controllerDistance))) return next;
  }
  return undefined;
}

/** Whether one can listen there right now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
