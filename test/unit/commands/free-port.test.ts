import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { isFree, nextFreePort } from '../../../extension/commands/free-port.ts';

test('finds a port above one that is taken', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    expect(await isFree(port)).toBe(false);
    const free = await nextFreePort(port - 1);
    expect(free).toBeGreaterThan(port);
  } finally {
    server.close();
  }
});

test('leaves room for every broker', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    expect(await nextFreePort(port - 3, 3)).toBeGreaterThan(port);
  } finally {
    server.close();
  }
});

test('gives up where no port is left', async () => expect(await nextFreePort(65_000)).toBeUndefined());
