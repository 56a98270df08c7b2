import { isatty } from 'node:tty';
import type { ThreadSpawner } from '../cluster/broker-thread.ts';
import { codeOf, messageOf } from '../cluster/cluster-error.ts';
import type { ClusterPlan } from '../cluster/cluster-plan.ts';
import { EmbeddedCluster } from '../cluster/embedded-cluster.ts';
import { ipcTransport, lineTransport } from '../cluster/transport.ts';
import type { Transport } from '../cluster/transport.ts';
import type { BrokerLifecycle } from '../shared/cluster-protocol.ts';
import { ipcReporter, jsonReporter, textReporter } from './reporter.ts';
import type { Reporter } from './reporter.ts';

export interface ForegroundOptions {
  /** How the user called the program, before error messages: `samsa start`. */
  readonly program: string;
  readonly plan: ClusterPlan;
  readonly spawn: ThreadSpawner;
  readonly json: boolean;
  readonly control: boolean;
}

/** After a clean end nothing keeps the process; what does so all the same gets this long. */
const lingerMs = 2_000;

/**
 * Runs a cluster in this process until it is told to end: by a signal, by its control channel, or because no broker is left
 * and nobody could start one. The exit code: 0 after a clean end, 2 for bad arguments, 1 for every other failure.
 */
export async function runForeground(options: ForegroundOptions): Promise<number> {
  const channel = options.control ? controlChannel() : undefined;
  const reporter = chooseReporter(options, channel);
  const states = new Map<number, BrokerLifecycle>();
  let started = false;
  let ending = false;
  let exitCode = 0;
  const end = (): void => {
    if (ending) return;
    ending = true;
    reporter.stopping();
    void cluster.shutdown();
  };
  const cluster = new EmbeddedCluster({
    plan: options.plan,
    spawn: options.spawn,
    // The process itself began then.
    startedAtMs: 0,
    onEvent(event) {
      reporter.event(event);
      if (event.event !== 'broker-state') return;
      states.set(event.broker, event.state);
      const allFailed = [...states.values()].every((state) => state === 'failed');
      if (!allFailed || !started || options.control) return;
      exitCode = 1;
      end();
    },
  });
  onSignals(end);
  // Who reads our output has gone.
  process.stdout.on('error', end);
  if (channel !== undefined) {
    // A parent that lets go wants the end; at the end of a pipe's input its last commands still get their answers.
    const commands = cluster.serve(channel, () => (isForked() ? end() : void commands.answered().then(end)));
    if (isForked() && !process.connected) end();
  }
  try {
    await cluster.start();
    started = true;
    await cluster.ended;
  } catch (error) {
    if (!ending) {
      const code = codeOf(error);
      reporter.failed(code, messageOf(error));
      exitCode = code === 'BAD_ARGUMENT' ? 2 : 1;
    }
    await cluster.shutdown();
  }
  if (channel !== undefined) leaveChannel();
  setTimeout(() => process.exit(), lingerMs).unref();
  return exitCode;
}

/** With a channel to speak over. */
function isForked(): boolean {
  return process.send !== undefined;
}

/** A parent that forked us speaks over its channel, everybody else over standard input and output. */
function controlChannel(): Transport {
  return isForked() ? ipcTransport(process) : lineTransport(process.stdin, process.stdout);
}

function chooseReporter({ program, plan, json }: ForegroundOptions, channel: Transport | undefined): Reporter {
  if (channel !== undefined && isForked()) return ipcReporter(channel);
  return json ? jsonReporter(program) : textReporter(program, plan);
}

/** The first signal ends cleanly, a second one at once. */
function onSignals(end: () => void): void {
  let seen = false;
  // Without a terminal there is none to hang up: under nohup the signal is ignored, and is to stay so.
  const hangup = [0, 1, 2].some((fd) => isatty(fd)) ? (['SIGHUP'] as const) : [];
  for (const signal of ['SIGINT', 'SIGTERM', ...hangup] as const) {
    process.on(signal, () => {
      if (seen) process.exit(1);
      seen = true;
      end();
    });
  }
}

/** The channel no longer keeps the process; what was sent still arrives. */
function leaveChannel(): void {
  if (isForked()) process.channel?.unref();
  else process.stdin.destroy();
}
