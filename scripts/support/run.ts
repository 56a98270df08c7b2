import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths.ts';

export interface RunResult {
  /** Exit code; 1 when a signal ended the process. */
  readonly code: number;
  /** Standard output and error as they came, interleaved; empty when they were inherited. */
  readonly output: string;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `capture`: keep the output; `inherit`: show it; `tee`: both. */
  readonly output?: 'capture' | 'inherit' | 'tee';
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { output = 'capture', cwd = root, env = process.env } = options;
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', ...pair(output === 'inherit' ? 'inherit' : 'pipe')],
    });
    const chunks: Buffer[] = [];
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      from?.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (output === 'tee') to.write(chunk);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      const durationMs = performance.now() - startedAt;
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8'), durationMs });
    });
  });
}

function pair(kind: 'inherit' | 'pipe'): ['inherit' | 'pipe', 'inherit' | 'pipe'] {
  return [kind, kind];
}

/** Runs the JavaScript program of an installed package with this Node: `runBin('eslint/bin/eslint.js', […])`. */
export function runBin(script: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [join(root, 'node_modules', script), ...args], options);
}
