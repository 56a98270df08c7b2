import { createServer } from 'node:net';

/**
 * First of `count` consecutive ports on 127.0.0.1 that nobody listens on now, all of them free again 1000 higher too when
 * `withControllers` (a broker's controller listener). Taken from below the system's ephemeral range, so that an outgoing
 * connection does not take them before they are used.
 */
export async function freePort(count = 1, withControllers = false): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const first = 12_000 + Math.floor(Math.random() * 18_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (withControllers) ports.push(...ports.map((port) => port + 1000));
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`No ${count} consecutive free ports found on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
