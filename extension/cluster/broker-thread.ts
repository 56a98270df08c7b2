import { Worker } from 'node:worker_threads';
import type { ResourceLimits } from 'node:worker_threads';
import { ClusterError, messageOf } from './cluster-error.ts';
import { CommandClient } from './command-channel.ts';
import type { ArgumentsOf } from './command-channel.ts';
import { threadTransport } from './transport.ts';
import { workerFile } from './worker-file.ts';
import type { WorkerCommand, WorkerEvent, WorkerResults } from './worker-protocol.ts';

/** The supervisor's end of one broker's thread. A thread runs one broker once. */
export interface BrokerThread {
  /** Rejects with a `ClusterError`, also when the thread ends before it replies. */
  request<O extends WorkerCommand['op']>(
    op: O,
    args: ArgumentsOf<WorkerCommand, O>,
    timeoutMs?: number,
  ): Promise<WorkerResults[O]>;
  /** Resolves when the thread is gone, with what it died of if it did. */
  readonly ended: Promise<Error | undefined>;
  /** Kills the broker and resolves when the thread is gone. Rejects when it would not end. */
  end(): Promise<void>;
}

export type ThreadSpawner = (brokerId: number, onEvent: (event: WorkerEvent) => void) => BrokerThread;

/**
 * A broker's garbage is small and dies young; records lie outside the heap. With V8's own limit a start with 10,000
 * partitions leaves 130 MB of empty new space behind, and nothing is faster for it.
 */
const RESOURCE_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 12 };

export interface ThreadOptions {
  /** The worker's entry; the one beside this module by default. */
  readonly workerFile?: string | URL;
  /** Passed on to the threads; {@link RESOURCE_LIMITS} by default. */
  readonly resourceLimits?: ResourceLimits;
  /** How long a thread may take to end by itself after a kill; 3 s by default. */
  readonly endTimeoutMs?: number;
}

export function threadSpawner(options: ThreadOptions = {}): ThreadSpawner {
  return (brokerId, onEvent) => {
    const worker = new Worker(options.workerFile ?? workerFile('./worker.ts', 'broker-worker.cjs'), {
      name: `broker-${brokerId}`,
      // Not this process's own flags: a test runner's or debugger's loader has no place in a broker.
      execArgv: [],
      // Standard output belongs to `--json`.
      stdout: true,
      stderr: true,
      resourceLimits: options.resourceLimits ?? RESOURCE_LIMITS,
    });
    worker.stdout.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    worker.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    return new WorkerBrokerThread(worker, onEvent, options.endTimeoutMs ?? 3_000);
  };
}

class WorkerBrokerThread implements BrokerThread {
  readonly ended: Promise<Error | undefined>;
  readonly #worker: Worker;
  readonly #client: CommandClient<WorkerCommand, WorkerResults>;
  readonly #endTimeoutMs: number;

  constructor(worker: Worker, onEvent: (event: WorkerEvent) => void, endTimeoutMs: number) {
    this.#worker = worker;
    this.#endTimeoutMs = endTimeoutMs;
    this.ended = new Promise((resolve) => {
      let error: Error | undefined;
      // Before the client's own `exit` listener, so that what waits for a reply hears the cause.
      worker.once('error', (cause: unknown) => {
        error = cause instanceof Error ? cause : new Error(String(cause));
        this.#client.fail(new ClusterError('INTERNAL', `The broker's thread died: ${messageOf(error)}`, { cause }));
      });
      worker.once('exit', () => resolve(error));
    });
    this.#client = new CommandClient(threadTransport(worker), (event) => onEvent(event as WorkerEvent));
  }

  request<O extends WorkerCommand['op']>(
    op: O,
    args: ArgumentsOf<WorkerCommand, O>,
    timeoutMs?: number,
  ): Promise<WorkerResults[O]> {
    return this.#client.request(op, args, timeoutMs);
  }

  async end(): Promise<void> {
    // The reply does not matter: the thread may have ended, or be too busy to answer.
    this.#client.request('kill', {}).catch(() => {});
    if (await settlesWithin(this.ended, this.#endTimeoutMs)) return;
    if (process.versions['electron'] === undefined) {
      await this.#worker.terminate();
      return;
    }
    throw new ClusterError('INTERNAL', `The broker's thread does not end; restart the cluster`);
  }
}

async function settlesWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
