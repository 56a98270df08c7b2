import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { atExit } from '../../scripts/support/at-exit.ts';

export interface Finished {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();

atExit(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program under test whose output is kept; ended by its own pid, at the latest when this process exits. */
export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #lineListeners = new Set<() => void>();
  /** Settles when the process has ended and its output is complete; rejects when it could not be started. */
  readonly finished: Promise<Finished>;
  /** When it was spawned, by `performance.now()`. */
  readonly startedAt: number;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.#name = [command.split('/').at(-1), ...args].join(' ').slice(0, 200);
    this.startedAt = performance.now();
    const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'pipe' });
    this.#process = child;
    running.add(child);
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.finished = new Promise((resolve, reject) => {
      child.once('error', (error) => {
        running.delete(child);
        reject(new Error(`Cannot start ${command}: ${error.message}`, { cause: error }));
        this.#wake();
      });
      child.once('close', (code, signal) => {
        running.delete(child);
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        this.#wake();
      });
    });
    this.finished.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return !running.has(this.#process);
  }

  write(text: string | Uint8Array): void {
    this.#process.stdin?.write(text);
  }

  endInput(text: string | Uint8Array = ''): void {
    this.#process.stdin?.end(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGTERM, and SIGKILL when that is not enough. */
  async stop(timeoutMs = 15_000): Promise<Finished> {
    if (!this.hasEnded) this.signal('SIGTERM');
    return this.wait(timeoutMs);
  }

  async kill(): Promise<Finished> {
    if (!this.hasEnded) this.signal('SIGKILL');
    return this.finished;
  }

  /** The end of the process; after `timeoutMs` it is killed and the promise rejects with what it had printed. */
  async wait(timeoutMs = 60_000): Promise<Finished> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.signal('SIGKILL');
        reject(new Error(`${this.#name}: not finished after ${timeoutMs} ms\n${this.#tail()}`));
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.finished, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until standard output (or error) satisfies `isThere`; rejects when the process ends first. */
  async waitForOutput(isThere: (stdout: string, stderr: string) => boolean, timeoutMs = 60_000): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.#lineListeners.delete(look);
        settle();
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(`${this.#name}: output not seen after ${timeoutMs} ms\n${this.#tail()}`))),
        timeoutMs,
      );
      const look = (): void => {
        if (isThere(this.stdout, this.stderr)) done(resolve);
        else if (this.hasEnded) done(() => reject(new Error(`${this.#name}: ended early\n${this.#tail()}`)));
      };
      this.#lineListeners.add(look);
      look();
    });
  }

  #wake(): void {
    for (const listener of [...this.#lineListeners]) listener();
  }

  #tail(): string {
    return `${this.stdout.slice(-2000)}\n${this.stderr.slice(-4000)}`.trim();
  }
}

export interface RunOptions extends ChildOptions {
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
}

/** Runs a program to its end with the given standard input. */
export async function runChild(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = new Child(command, args, options);
  child.endInput(options.stdin);
  return child.wait(options.timeoutMs);
}
