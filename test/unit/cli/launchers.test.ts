import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { installLaunchers } from '../../../extension/cli/install-launchers.ts';
import { launchers } from '../../../extension/cli/launchers.ts';
import { runTool } from '../../support/run-tool.ts';

const execute = promisify(execFile);
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "samsa 'launchers' "));
  folders.push(path);
  return path;
}

describe('launchers', () => {
  test('are there for every name that tutorials use', () => {
    const names = Object.keys(launchers({ execPath: '/node', scriptPath: '/cli.cjs', platform: 'linux' }));
    expect(names).toEqual(
      expect.arrayContaining([
        'kafka-topics.sh',
        'kafka-topics',
        'kafka-console-producer.sh',
        'kafka-console-consumer.sh',
        'kafka-consumer-groups.sh',
        'kafka-server-start.sh',
        'zookeeper-server-start.sh',
      ]),
    );
    expect(names.some((name) => /\.(bat|cmd)$/.test(name))).toBe(false);
  });

  test('are batch files on Windows', () => {
    const files = launchers({ execPath: 'C:\\100%\\Code.exe', scriptPath: 'C:\\x\\cli.cjs', platform: 'win32' });
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['kafka-topics.bat', 'kafka-topics.sh.cmd', 'kafka-topics']),
    );
    const lines = files['kafka-topics.bat']!.split('\r\n');
    expect(lines).toContain('set ELECTRON_RUN_AS_NODE=1');
    expect(lines).toContain('set "SAMSA_NODE=C:\\100%%\\Code.exe"');
    expect(lines).toContain('"%SAMSA_NODE%" "C:\\x\\cli.cjs" topics %*');
    expect(lines).toContain('exit /b %ERRORLEVEL%');
  });

  test.skipIf(process.platform === 'win32')(
    'run the tool with the arguments as typed, quotes in paths or not',
    async () => {
      const path = folder();
      const script = join(path, 'cli.cjs');
      writeFileSync(
        script,
        'console.log(JSON.stringify([process.env.ELECTRON_RUN_AS_NODE, ...process.argv.slice(2)]));',
      );
      const file = join(path, 'kafka-topics.sh');
      const files = launchers({ execPath: process.execPath, scriptPath: script, platform: 'linux' });
      writeFileSync(file, files['kafka-topics.sh']!);
      chmodSync(file, 0o755);
      const { stdout } = await execute(file, ['--topic', 'a b', '', '*']);
      expect(JSON.parse(stdout)).toEqual(['1', 'topics', '--topic', 'a b', '', '*']);
    },
  );

  test.skipIf(process.platform === 'win32')('find another Node when theirs is gone', async () => {
    const path = folder();
    const script = join(path, 'cli.cjs');
    writeFileSync(script, 'console.log("found");');
    const bin = join(path, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    const file = join(path, 'kafka-topics');
    const files = launchers({ execPath: '/gone/node', scriptPath: script, platform: 'linux' });
    writeFileSync(file, files['kafka-topics']!, { mode: 0o755 });
    const { stdout } = await execute(file, [], {
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    expect(stdout).toBe('found\n');
  });
});

test('installLaunchers writes them, executable', async () => {
  const path = join(folder(), 'bin');
  const { code } = await runTool((args, io) => installLaunchers(args, io), [path]);
  expect(code).toBe(0);
  expect(readdirSync(path)).toContain('kafka-topics');
  if (process.platform !== 'win32') expect(statSync(join(path, 'kafka-topics')).mode & 0o777).toBe(0o755);
  expect((await runTool((args, io) => installLaunchers(args, io), '')).code).toBe(2);
});
