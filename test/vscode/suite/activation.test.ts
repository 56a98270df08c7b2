import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { commandIds } from '../../../extension/commands/command-id.ts';
import { rowsAt, samsa, samsaExtension } from '../support/samsa.ts';

describe('activation', () => {
  it('happens by itself after start-up', async () => {
    const extension = samsaExtension();
    for (let tries = 0; !extension.isActive && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(extension.isActive, true);
  });

  it('starts nothing', async () => {
    const { session } = await samsa();
    assert.deepEqual(session.state, { kind: 'off' });
    assert.deepEqual(childProcesses(), []);
    assert.deepEqual(await rowsAt(), []);
  });

  it('registers every command of the manifest', async () => {
    await samsa();
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      commandIds.filter((id) => !registered.has(id)),
      [],
    );
  });

  it('refuses what needs a cluster with one sentence, not with a crash', async () => {
    const { session } = await samsa();
    assert.throws(() => session.client(), /not running/);
    await assert.rejects(session.send('state', {}), /not running/);
  });
});

/** Command lines of our own kind below this process; only Linux tells without a tool. */
function childProcesses(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return parent === String(process.pid) && line.includes('cli.cjs') ? [line] : [];
      } catch {
        return [];
      }
    });
}
