import { delimiter, dirname } from 'node:path';
import { run } from './run.ts';
import type { RunResult } from './run.ts';

/** Runs npm, the one that called us when there is one, with this Node first on the PATH. */
export function runNpm(args: readonly string[], cwd: string): Promise<RunResult> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };
  const cli = process.env['npm_execpath'];
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
    ? run(process.execPath, [cli, ...args], { cwd, env })
    : run('npm', args, { cwd, env });
}
