import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { run, samsa, set } from '../support/samsa.ts';

const execute = promisify(execFile);

describe('the Kafka terminal', () => {
  let folder: string;
  let cwd: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'samsa-terminal-'));
    await set('cluster.dataDirectory', join(folder, 'data'));
    await set('cluster.port', 0);
    await run('samsa.cluster.start');
  });

  after(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await run('samsa.cluster.stop');
    await set('cluster.dataDirectory', undefined);
    await set('cluster.port', undefined);
    await rm(folder, { recursive: true, force: true });
  });

  /** One of Kafka's commands, as a tutorial types it in the terminal's folder. */
  async function type(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await execute(command, args, { cwd, shell: true });
    return stdout;
  }

  it('opens in a folder that looks like Kafka', async () => {
    await run('samsa.terminal.open');
    const options = vscode.window.terminals.at(-1)?.creationOptions as vscode.TerminalOptions | undefined;
    cwd = String(options?.cwd);
    assert.match(await readFile(join(cwd, 'config', 'server.properties'), 'utf8'), /^log\.dirs=.*broker-1$/m);
  });

  it('runs the commands of a tutorial as typed', async () => {
    const { session } = await samsa();
    const server = ['--bootstrap-server', session.bootstrap ?? ''];
    const create = ['--create', '--topic', 'lecture', '--partitions', '3', '--replication-factor', '1'];
    const topics = process.platform === 'win32' ? join('bin', 'kafka-topics.bat') : './bin/kafka-topics.sh';
    assert.match(await type(topics, ...create, ...server), /Created topic lecture\./);
    assert.equal((await type(topics, '--list', ...server)).trim(), 'lecture');
  });
});
