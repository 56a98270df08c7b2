import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Child } from '../../support/child.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { buildFakes } from '../cluster/fakes/build-fakes.ts';

const { cliFile } = buildFakes();
let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('start');
});

afterEach(() => directory.remove());

/** `samsa start` on fake brokers and free ports, with temporary files in the test's directory. */
function start(...args: readonly string[]): Child {
  return new Child(process.execPath, [cliFile, 'start', '--port=0', ...args], { env: { TMPDIR: directory.path } });
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const isReady = (stdout: string): boolean => stdout.includes('"ready"') && stdout.endsWith('\n');

describe('samsa start', () => {
  test('says in few lines what to connect to, and ends cleanly at a signal', async () => {
    const child = start();
    await child.waitForOutput((stdout) => stdout.includes('Ctrl+C'));
    expect(child.stdout).toMatch(
      /^Ready in \d+ ms\.\n {2}Bootstrap servers {2}127\.0\.0\.1:\d+\n {2}Data directory {5}\S+ \(temporary, removed at exit\)\n/,
    );
    expect(readdirSync(directory.path)).toHaveLength(1);
    await expect(child.stop()).resolves.toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(child.stdout).toMatch(/\nStopping\.\n$/);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s is a clean end, also while it starts', async (signal) => {
    const child = start('--json', '--config', 'fake.hang=start', `--data-dir=${directory.path}/data`);
    // The lock is taken by then, and the broker starting.
    await until('the log directory is made', () => existsSync(join(directory.path, 'data', 'broker-1')));
    child.signal(signal);
    await expect(child.wait()).resolves.toMatchObject({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(readdirSync(join(directory.path, 'data'))).toEqual(['broker-1']);
  });

  test('keeps a data directory and its cluster id', async () => {
    const ids: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      const child = start('--json', '--data-dir', join(directory.path, 'data'));
      await child.waitForOutput(isReady);
      ids.push(jsonLines(child.stdout)[0]?.['clusterId']);
      await child.stop();
    }
    expect(ids[0]).toMatch(/^[\w-]{22}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(readdirSync(join(directory.path, 'data'))).toEqual(['broker-1']);
  });

  test('tells of brokers that the others go on without', async () => {
    const dataDir = join(directory.path, 'data');
    const whole = start('--json', '--data-dir', dataDir, '--brokers', '2');
    await whole.waitForOutput(isReady);
    await whole.stop();
    rmSync(join(dataDir, 'broker-2', '.lock'));
    mkdirSync(join(dataDir, 'broker-2', '.lock'));
    const json = start('--json', '--data-dir', dataDir);
    await json.waitForOutput(() => json.stdout.includes('"failed"'));
    expect(jsonLines(json.stdout)).toMatchObject([
      { event: 'ready' },
      { event: 'broker-state', broker: 2, state: 'failed', error: expect.stringContaining('.lock') as string },
    ]);
    await json.stop();
    const text = start('--data-dir', dataDir);
    await text.waitForOutput(() => text.stderr.includes('Broker 2 failed: '));
    await text.stop();
  });

  test('helps', async () => {
    const { code, stdout, stderr } = await start('--help').wait();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('--data-dir DIR');
  });

  test.each([
    [['--wat'], "samsa start: unknown argument '--wat'\n"],
    [['--brokers', '10'], 'samsa start: The number of brokers must be from 1 to 9, not 10\n'],
    [
      ['--brokers', '2', '--config', 'advertised.listeners=PLAINTEXT://h:1'],
      "samsa start: advertised.listeners can't be set for several nodes at once: every broker is reached on its own port\n",
    ],
    [['--port', '70000'], 'samsa start: The port must be a number from 0 to 65535, not 70000\n'],
    [['--config', 'fake.fail=BAD_ARGUMENT'], 'samsa start: Told to fail with BAD_ARGUMENT\n'],
  ])('%j exits 2 with one line', async (args, line) => {
    await expect(start(...args).wait()).resolves.toMatchObject({ code: 2, stdout: '', stderr: line });
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('a port in use exits 1 with one line that names it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const child = start('--port', String(port), '--controller-port', '0');
    await expect(child.wait()).resolves.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `samsa start: Port ${port} on 127.0.0.1 is in use\n`,
    });
    server.close();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('a directory in use exits 1 with one line that names the owner', async () => {
    const dataDir = join(directory.path, 'data');
    const owner = start('--json', '--data-dir', dataDir);
    await owner.waitForOutput(isReady);
    const { code, stdout, stderr } = await start('--data-dir', dataDir).wait();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const bootstrap = String(jsonLines(owner.stdout)[0]?.['bootstrap']);
    expect(stderr).toBe(
      `samsa start: ${dataDir} is in use by the Samsa cluster of process ${owner.pid}, ${bootstrap}\n`,
    );
    await expect(owner.stop()).resolves.toMatchObject({ code: 0 });
  });

  test('a directory that cannot be written exits 1 with one line', async () => {
    writeFileSync(join(directory.path, 'file'), '');
    const { code, stderr } = await start('--data-dir', join(directory.path, 'file', 'data')).wait();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^samsa start: Cannot write to .*file\/data: a part of the path is no directory\n$/);
  });

  test('a Kafka log directory is not a data directory', async () => {
    writeFileSync(join(directory.path, 'meta.properties'), 'version=1\ncluster.id=abc\nnode.id=1\n');
    const { code, stderr } = await start('--data-dir', directory.path).wait();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `samsa start: ${directory.path} is a log directory of one broker; the data directory holds it as 'broker-<id>'\n`,
    });
    expect(readdirSync(directory.path)).toEqual(['meta.properties']);
  });

  test('starts again at once where a killed one left its lock', async () => {
    const dataDir = join(directory.path, 'data');
    const first = start('--json', '--data-dir', dataDir);
    await first.waitForOutput(isReady);
    await first.kill();
    const second = start('--json', '--data-dir', dataDir);
    await second.waitForOutput(isReady);
    await expect(second.stop()).resolves.toMatchObject({ code: 0 });
  });

  test('a failure without a name shows the log that led to it', async () => {
    const { code, stdout, stderr } = await start('--json', '--config', 'fake.fail=INTERNAL').wait();
    expect(code).toBe(1);
    expect(jsonLines(stdout)).toEqual([{ event: 'failed', code: 'INTERNAL', error: 'Told to fail with INTERNAL' }]);
    expect(stderr).toMatch(/INFO broker 1: config .*\nsamsa start: Told to fail with INTERNAL\n$/);
  });
});

describe('samsa start --control', () => {
  test('answers every line, and ends at the end of its input', async () => {
    const child = start('--control');
    child.write('{"id":1,"op":"state","topic":"orders"}\n{"id":2,"op":"explode"}\nnonsense\n[]\n{"op":"state"}\n');
    child.write('{"id":3,"op":"kill"}\n{"id":4,"op":"kill","broker":7}\n{"id":5,"op":"kill","broker":1}\n');
    child.endInput();
    const { code, stdout } = await child.wait();
    const replies = jsonLines(stdout).filter((line) => 'reply' in line);
    expect(replies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ reply: 1, ok: true, controllerId: 1 }),
        expect.objectContaining({ reply: 2, ok: false, code: 'BAD_ARGUMENT' }),
        { reply: -1, ok: false, code: 'BAD_ARGUMENT', error: 'Not a JSON object: nonsense' },
        expect.objectContaining({ reply: -1, ok: false, error: expect.stringContaining('A command is') as string }),
        { reply: -1, ok: false, code: 'BAD_ARGUMENT', error: '"id" must be a number, not missing' },
        expect.objectContaining({ reply: 3, ok: false, code: 'BAD_ARGUMENT' }),
        expect.objectContaining({ reply: 4, ok: false, code: 'UNKNOWN_BROKER' }),
        { reply: 5, ok: true, state: 'killed' },
      ]),
    );
    expect(replies).toHaveLength(8);
    expect(code).toBe(0);
  });

  test('says ready first, then what happens', async () => {
    const child = start('--control');
    await child.waitForOutput(isReady);
    child.write('{"id":1,"op":"stop","broker":1}\n');
    await child.waitForOutput((stdout) => stdout.includes('"reply":1'));
    child.write('{"id":2,"op":"start","broker":1}\n');
    await child.waitForOutput((stdout) => stdout.includes('"reply":2'));
    const events = jsonLines(child.stdout).filter((line) => 'event' in line);
    expect(events[0]).toMatchObject({ event: 'ready', startupMs: expect.any(Number) as number });
    expect(events.slice(1).map((event) => event['state'])).toEqual(['stopping', 'stopped', 'starting', 'running']);
    child.write('{"id":3,"op":"shutdown"}\n');
    await expect(child.wait()).resolves.toMatchObject({ code: 0 });
    expect(child.stdout).toContain('{"reply":3,"ok":true}\n');
  });

  test('lives on when its only broker dies, which can be started again', async () => {
    const child = start('--control');
    await child.waitForOutput(isReady);
    child.write('{"id":1,"op":"segments","broker":1,"topic":"crash","partition":0}\n');
    await child.waitForOutput((stdout) => stdout.includes('"state":"failed"'));
    child.write('{"id":2,"op":"start","broker":1}\n');
    await child.waitForOutput((stdout) => stdout.includes('"reply":2,"ok":true'));
    child.endInput();
    await expect(child.wait()).resolves.toMatchObject({ code: 0 });
  });
});
