import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterCommand, ClusterEvent, ClusterOp, ClusterResults } from '../shared/cluster-protocol.ts';
import { ClusterError } from './cluster-error.ts';
import type { ClusterEnd, ClusterHost, CommandArguments, ReadyEvent, Subscription } from './cluster-host.ts';
import { startArguments } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { planCluster } from './cluster-plan.ts';
import { CommandClient } from './command-channel.ts';
import { HostEvents } from './host-events.ts';
import { ipcTransport } from './transport.ts';

/** What a child that is asked to end may take before it is killed. */
const stopTimeoutMs = 35_000;
/** How much of a dead child's last words is kept. */
const maxStderrLength = 8_192;

export interface ChildProcessOptions {
  /** The command line's entry; the one beside this module by default. */
  readonly cliFile?: string;
}

/**
 * The cluster in a child process of this process's own runtime: `samsa start --control`, spoken to over IPC. The child
 * ends when the channel closes, however its parent went.
 */
export class ChildProcessClusterHost implements ClusterHost {
  readonly kind = 'childProcess';
  readonly #cliFile: string;
  readonly #events = new HostEvents();
  #child: ChildProcess | undefined;
  #client: CommandClient<ClusterCommand, ClusterResults> | undefined;
  #exited: Promise<void> | undefined;
  #ready: ReadyEvent | undefined;
  #failed: Extract<ClusterEvent, { event: 'failed' }> | undefined;
  #stopping = false;

  constructor(options: ChildProcessOptions = {}) {
    this.#cliFile = options.cliFile ?? defaultCliFile();
  }

  get ready(): ReadyEvent | undefined {
    return this.#ready;
  }

  /** The child's process id; undefined before `start`. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(options: ClusterOptions): Promise<ReadyEvent> {
    if (this.#child !== undefined) {
      return Promise.reject(new ClusterError('WRONG_STATE', 'This cluster was started already'));
    }
    return new Promise((resolve, reject) => {
      // Says what is wrong without a process.
      planCluster(options);
      const child = fork(this.#cliFile, ['start', '--control', ...startArguments(options)], {
        env: childEnvironment(),
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      this.#child = child;
      let stderr = '';
      child.stderr?.on('data', (chunk: Buffer) => (stderr = `${stderr}${chunk.toString()}`.slice(-maxStderrLength)));
      this.#client = new CommandClient(ipcTransport(child), (event) => this.#onEvent(event as ClusterEvent, resolve));
      this.#exited = new Promise((exited) => {
        const onEnd = (how: string): void => {
          const end = this.#endOf(how, stderr);
          this.#ready = undefined;
          reject(new ClusterError(end.code ?? 'INTERNAL', end.error ?? 'The cluster was stopped while it started'));
          this.#events.end(end);
          exited();
        };
        child.once('error', (error) => onEnd(`can't be started: ${error.message}`));
        // `close` would not come after a disconnect; its last words are complete when their pipe closes.
        const silent = new Promise((resolveSilent) => child.stderr?.once('close', resolveSilent));
        child.once('exit', (code, signal) => {
          const how = signal === null ? `ended with code ${code}` : `ended by ${signal}`;
          void silent.then(() => onEnd(how));
        });
      });
    });
  }

  async send<O extends ClusterOp>(op: O, args: CommandArguments<O>): Promise<ClusterResults[O]> {
    if (this.#client === undefined) throw new ClusterError('WRONG_STATE', 'The cluster was not started');
    return this.#client.request(op, args);
  }

  onEvent(listener: (event: ClusterEvent) => void): Subscription {
    return this.#events.onEvent(listener);
  }

  onEnd(listener: (end: ClusterEnd) => void): Subscription {
    return this.#events.onEnd(listener);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.dispose();
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await this.#exited;
    clearTimeout(timer);
  }

  dispose(): void {
    this.#stopping = true;
    this.#client?.close();
  }

  #onEvent(event: ClusterEvent, onReady: (ready: ReadyEvent) => void): void {
    if (event.event === 'ready') {
      this.#ready = event;
      onReady(event);
    } else if (event.event === 'failed') {
      this.#failed = event;
    }
    this.#events.emit(event);
  }

  #endOf(how: string, stderr: string): ClusterEnd {
    if (this.#failed !== undefined) return { reason: 'failed', code: this.#failed.code, error: this.#failed.error };
    if (this.#stopping || how === 'ended with code 0') return { reason: 'stopped' };
    const lastLine = stderr.trim().split('\n').at(-1) ?? '';
    return {
      reason: 'failed',
      code: 'INTERNAL',
      error: `The cluster's process ${how}${lastLine === '' ? '' : `: ${lastLine}`}`,
    };
  }
}

/** Ours, but for what belongs to the editor and its debugger and would change how a plain Node program runs. */
function childEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name));
  return { ...Object.fromEntries(own), ELECTRON_RUN_AS_NODE: '1' };
}

/** `SAMSA_BUNDLED` is set by the build, where the command line lies beside the bundle that this module became part of. */
function defaultCliFile(): string {
  return process.env['SAMSA_BUNDLED'] === '1'
    ? join(__dirname, 'cli.cjs')
    : fileURLToPath(new URL('../cli/main.ts', import.meta.url));
}
