import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LogRecoverer, LogToRecover, RecoveryRun, RecoverySettings } from '../engine/log/log-recovery.ts';
import { messageOf } from './cluster-error.ts';
import { SHARED_BYTES, STOPPED } from './recovery-protocol.ts';
import type { RecoveryMessage, RecoveryWork } from './recovery-protocol.ts';
import { workerFile } from './worker-file.ts';

/** Worker threads of the broker's thread, for the time of one recovery. */
export class RecoveryThreads implements LogRecoverer {
  readonly #workerFile: string | URL;
  readonly #processors: number;

  /** `file`: the worker's entry; the one beside this module by default. */
  constructor(file = workerFile('./recovery-worker.ts', 'recovery-worker.cjs'), processors = availableParallelism()) {
    this.#workerFile = file;
    this.#processors = processors;
  }

  start(
    logs: readonly LogToRecover[],
    settings: RecoverySettings,
    onDone: (index: number, isRecovered: boolean) => void,
  ): RecoveryRun {
    // Kafka takes 0 for the number of threads; somebody has to do it.
    const threads = Math.max(Math.min(settings.threads, this.#processors, logs.length), 1);
    return new ThreadsRun(this.#workerFile, threads, logs, settings, onDone);
  }
}

class ThreadsRun implements RecoveryRun {
  readonly #words: Int32Array;
  readonly #settings: RecoverySettings;
  readonly #onDone: (index: number, isRecovered: boolean) => void;
  /** Logs that nobody has reported yet. */
  readonly #open: Set<number>;
  #running: number;
  #isStopped = false;

  constructor(
    workerFile: string | URL,
    threads: number,
    logs: readonly LogToRecover[],
    settings: RecoverySettings,
    onDone: (index: number, isRecovered: boolean) => void,
  ) {
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.#words = new Int32Array(shared);
    this.#settings = settings;
    this.#onDone = onDone;
    this.#open = new Set(logs.keys());
    this.#running = threads;
    const workerData: RecoveryWork = { logs, producerExpirationMs: settings.producerExpirationMs, shared };
    for (let thread = 0; thread < threads; thread++) this.#spawn(workerFile, workerData);
  }

  #spawn(workerFile: string | URL, workerData: RecoveryWork): void {
    // As for a broker's thread: no flags of a debugger or test runner, and standard output belongs to `--json`.
    const worker = new Worker(workerFile, { name: 'recovery', workerData, execArgv: [], stdout: true, stderr: true });
    worker.stdout.resume();
    worker.stderr.resume();
    worker.on('message', (message: RecoveryMessage) => this.#onMessage(message));
    worker.once('error', (error) =>
      this.#settings.logger.warn(`A recovery thread died, the others go on without it: ${messageOf(error)}`),
    );
    worker.once('exit', () => this.#onExit());
  }

  #onMessage(message: RecoveryMessage): void {
    if (message.kind === 'log') this.#settings.logger[message.level](message.message);
    else this.#report(message.index, message.kind === 'recovered');
  }

  #onExit(): void {
    this.#running--;
    if (this.#running > 0) return;
    for (const index of [...this.#open]) this.#report(index, false);
  }

  #report(index: number, isRecovered: boolean): void {
    if (!this.#open.delete(index) || this.#isStopped) return;
    this.#onDone(index, isRecovered);
  }

  /** The threads are not terminated, which can abort Electron (electron#47986); this thread does not end before they do. */
  stop(): void {
    this.#isStopped = true;
    Atomics.store(this.#words, STOPPED, 1);
  }
}
