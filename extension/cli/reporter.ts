import type { ClusterPlan } from '../cluster/cluster-plan.ts';
import type { Transport } from '../cluster/transport.ts';
import type { ClusterErrorCode, ClusterEvent } from '../shared/cluster-protocol.ts';

/** Tells whoever started the process how its cluster fares. */
export interface Reporter {
  event(event: ClusterEvent): void;
  /** The cluster did not start. */
  failed(code: ClusterErrorCode, message: string): void;
  stopping(): void;
}

type LogEvent = Extract<ClusterEvent, { event: 'log' }>;
type Level = LogEvent['level'];

/** Lines of a start that are kept back until it is known how it ends. */
const maxHeldLines = 1_000;

/**
 * The brokers' log on standard error. Until the cluster is ready lines are held back: a start that fails for a reason that
 * has a name says that in one line and nothing else.
 */
class StderrLog {
  readonly #levels: ReadonlySet<Level>;
  #held: string[] | undefined = [];

  constructor(levels: readonly Level[]) {
    this.#levels = new Set(levels);
  }

  add({ level, broker, message }: LogEvent): void {
    if (!this.#levels.has(level)) return;
    const line = `${new Date().toISOString()} ${level.toUpperCase()} broker ${broker}: ${message}\n`;
    if (this.#held === undefined) process.stderr.write(line);
    else if (this.#held.length < maxHeldLines) this.#held.push(line);
  }

  release(): void {
    for (const line of this.#held ?? []) process.stderr.write(line);
    this.#held = undefined;
  }
}

type FailureEvent = Extract<ClusterEvent, { event: 'broker-state' }>;

/** Brokers that did not start, kept back until it is known that the others go on without them. */
class EarlyFailures {
  readonly #held = new Map<number, FailureEvent>();

  add(event: FailureEvent): void {
    this.#held.set(event.broker, event);
  }

  release(tell: (event: FailureEvent) => void): void {
    for (const event of this.#held.values()) tell(event);
    this.#held.clear();
  }
}

/** A start that takes long, or the removal of a broker: somebody may wait for it. */
function tellProgress({ broker, message }: Extract<ClusterEvent, { event: 'progress' }>): void {
  process.stderr.write(`Broker ${broker}: ${message}\n`);
}

/** For people: what to connect to and how to stop it; warnings and errors of brokers on standard error. */
export function textReporter(program: string, plan: ClusterPlan): Reporter {
  const log = new StderrLog(['warn', 'error']);
  const failures = new EarlyFailures();
  let ready = false;
  const tellFailure = ({ broker, error }: FailureEvent): void =>
    void process.stderr.write(`Broker ${broker} failed: ${error ?? 'no reason is known'}\n`);
  return {
    event(event) {
      if (event.event === 'log') log.add(event);
      else if (event.event === 'progress') tellProgress(event);
      else if (event.event === 'ready') {
        ready = true;
        const dataDir = plan.dataDir === undefined ? `${event.dataDir} (temporary, removed at exit)` : event.dataDir;
        process.stdout.write(
          `Ready in ${event.startupMs} ms.\n` +
            `  Bootstrap servers  ${event.bootstrap}\n` +
            `  Data directory     ${dataDir}\n` +
            `Press Ctrl+C to stop.\n`,
        );
        log.release();
        failures.release(tellFailure);
      } else if (event.event === 'broker-state' && event.state === 'failed') {
        if (ready) tellFailure(event);
        else failures.add(event);
      }
    },
    failed(code, message) {
      if (code === 'INTERNAL') log.release();
      process.stderr.write(`${program}: ${message}\n`);
    },
    stopping: () => (ready ? void process.stdout.write('Stopping.\n') : undefined),
  };
}

/**
 * For programs: events on standard output as JSON lines, `ready` or `failed` first; the log, and how far a long start is, on
 * standard error.
 */
export function jsonReporter(program: string): Reporter {
  const log = new StderrLog(['debug', 'info', 'warn', 'error']);
  const failures = new EarlyFailures();
  let ready = false;
  const print = (event: ClusterEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    event(event) {
      if (event.event === 'log') {
        log.add(event);
        return;
      }
      ready ||= event.event === 'ready';
      if (ready) print(event);
      else if (event.event === 'progress') tellProgress(event);
      else if (event.event === 'broker-state' && event.state === 'failed') failures.add(event);
      if (event.event !== 'ready') return;
      log.release();
      failures.release(print);
    },
    failed(code, message) {
      if (code === 'INTERNAL') log.release();
      print({ event: 'failed', code, error: message });
      process.stderr.write(`${program}: ${message}\n`);
    },
    stopping() {},
  };
}

/** For the extension, which has an output channel for the log: everything as messages. */
export function ipcReporter(transport: Transport): Reporter {
  return {
    event: (event) => transport.send(event),
    failed: (code, error) => transport.send({ event: 'failed', code, error } satisfies ClusterEvent),
    stopping() {},
  };
}
