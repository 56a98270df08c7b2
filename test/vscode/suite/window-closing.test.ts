import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, samsa, set } from '../support/samsa.ts';

/** The last suite: after it, the extension is as it is in a window that closes. */
describe('closing the window', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'samsa-closing-'));
    await set('cluster.dataDirectory', join(folder, 'data'));
    await set('cluster.port', 0);
  });

  after(async () => {
    await set('cluster.dataDirectory', undefined);
    await set('cluster.port', undefined);
    await rm(folder, { recursive: true, force: true });
  });

  it('stops the cluster, and remembers that it ran', async () => {
    const { session } = await samsa();
    await run('samsa.cluster.start');
    const port = Number(session.bootstrap?.split(':')[1]);
    assert.ok(port > 0, JSON.stringify(session.state));
    await session.dispose();
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    assert.equal(isThere, false);
    assert.equal(session.ranRecently, true);
    await assert.rejects(session.start(), /cancelled/);
  });
});
