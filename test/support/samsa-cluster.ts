import { existsSync } from 'node:fs';
import { root } from '../../scripts/support/paths.ts';
import { Child } from './child.ts';
import type { Finished } from './child.ts';
import { until } from './until.ts';

export interface SamsaClusterOptions {
  /** Further arguments of `samsa start`, such as `['--brokers', '3', '--config', 'auto.create.topics.enable=false']`. */
  readonly args?: readonly string[];
  /** First port; any free ones by default. */
  readonly port?: number;
  /** A temporary one, removed at exit, by default. */
  readonly dataDir?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Limits how many files and sockets the cluster may have open (POSIX only). */
  readonly openFiles?: number;
  readonly readyTimeoutMs?: number;
}

export interface ReadyEvent {
  readonly event: 'ready';
  /** Comma-separated `host:port`, one per broker. */
  readonly bootstrap: string;
  readonly startupMs: number;
  readonly dataDir: string;
}

export interface ClusterEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

interface ControlReply {
  readonly reply: number;
  readonly ok: boolean;
  readonly error?: string;
  readonly [field: string]: unknown;
}

/** What is tested; another build (one unpacked from a VSIX, say) can be named by SAMSA_CLI. */
export const samsaCli = process.env['SAMSA_CLI'] ?? `${root}/dist/cli.cjs`;

/** Runs `samsa <args>` and returns the running process. */
export function samsa(args: readonly string[], env: NodeJS.ProcessEnv = {}, openFiles?: number): Child {
  if (!existsSync(samsaCli)) throw new Error('dist/cli.cjs is missing: run npm run build first');
  if (openFiles === undefined) return new Child(process.execPath, [samsaCli, ...args], { env });
  const limited = ['-c', 'ulimit -n "$0" && exec "$@"', String(openFiles), process.execPath, samsaCli, ...args];
  return new Child('/bin/sh', limited, { env });
}

/** A cluster started by the command line as its users start it, with its control channel. */
export class SamsaCluster implements AsyncDisposable {
  readonly child: Child;
  readonly ready: ReadyEvent;
  #nextId = 1;

  private constructor(child: Child, ready: ReadyEvent) {
    this.child = child;
    this.ready = ready;
  }

  /** Resolves when every broker answers. Rejects with the program's own words when it ends before that. */
  static async start(options: SamsaClusterOptions = {}): Promise<SamsaCluster> {
    const dataDir = options.dataDir === undefined ? [] : ['--data-dir', options.dataDir];
    const port = ['--port', String(options.port ?? 0)];
    const child = samsa(
      ['start', ...port, '--json', '--control', ...dataDir, ...(options.args ?? [])],
      options.env,
      options.openFiles,
    );
    await child.waitForOutput(() => lines(child).some(isReady), options.readyTimeoutMs ?? 30_000);
    const ready = lines(child).find(isReady);
    if (ready === undefined) throw new Error('The ready event vanished');
    return new SamsaCluster(child, ready);
  }

  /** For clients' `bootstrap.servers`. */
  get bootstrap(): string {
    return this.ready.bootstrap;
  }

  get host(): string {
    return this.#firstAddress()[0] ?? '';
  }

  /** Port of the first broker. */
  get port(): number {
    return Number(this.#firstAddress()[1]);
  }

  get dataDir(): string {
    return this.ready.dataDir;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Standard error so far: the cluster's log. */
  get log(): string {
    return this.child.stderr;
  }

  /** Every event printed so far, the oldest first. */
  get events(): readonly ClusterEvent[] {
    return lines(this.child).filter((line): line is ClusterEvent => 'event' in line);
  }

  /** Sends a control command (`state`, `kill`, `stop`, `start`, `freeze`, …) and resolves with its reply's fields. */
  async control<T = Readonly<Record<string, unknown>>>(
    op: string,
    fields: object = {},
    timeoutMs = 30_000,
  ): Promise<T> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.child.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    const find = (): ControlReply | undefined =>
      lines(this.child).find((line): line is ControlReply => 'reply' in line && line['reply'] === id);
    await this.child.waitForOutput(() => find() !== undefined, timeoutMs);
    const reply = find();
    if (reply?.ok !== true) throw new Error(reply?.error ?? `Control command '${op}' failed without a reason`);
    return reply as T;
  }

  /** Waits for an event that fits. */
  async waitForEvent(what: string, fits: (event: ClusterEvent) => boolean, timeoutMs = 30_000): Promise<ClusterEvent> {
    return until(what, () => this.events.find(fits), { timeoutMs });
  }

  /** A clean shutdown by SIGTERM. */
  async stop(timeoutMs = 20_000): Promise<Finished> {
    return this.child.stop(timeoutMs);
  }

  /** SIGKILL: what a power cut leaves, but for the operating system's buffers. */
  async kill(): Promise<Finished> {
    return this.child.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.child.hasEnded) await this.stop();
  }

  #firstAddress(): string[] {
    const first = this.bootstrap.split(',')[0] ?? '';
    const colon = first.lastIndexOf(':');
    return [first.slice(0, colon), first.slice(colon + 1)];
  }
}

function isReady(line: object): line is ReadyEvent {
  return 'event' in line && line.event === 'ready';
}

/** Complete lines of standard output that are JSON objects. */
function lines(child: Child): object[] {
  const complete = child.stdout.slice(0, child.stdout.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as object);
}
