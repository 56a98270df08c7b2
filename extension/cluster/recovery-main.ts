import type { Clock } from '../engine/common/clock.ts';
import type { FileSystem } from '../engine/common/file-system.ts';
import type { Logger } from '../engine/common/logger.ts';
import type { Random } from '../engine/common/random.ts';
import { LogEnvironment } from '../engine/log/log-environment.ts';
import { recoverLog } from '../engine/log/log-loader.ts';
import { NEXT_LOG, STOPPED } from './recovery-protocol.ts';
import type { RecoveryMessage, RecoveryWork } from './recovery-protocol.ts';

export interface RecoveryPorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
}

/** Of the thousand that a broker has for its logs. */
const MAX_OPEN_FILES = 64;

/**
 * The work of a recovery thread: takes one log after the other until none is left or it is told to stop. What goes wrong with a
 * log is told by whoever opens it, so here it is only left behind.
 */
export function recoverLogs(work: RecoveryWork, ports: RecoveryPorts, tell: (message: RecoveryMessage) => void): void {
  const words = new Int32Array(work.shared);
  const isStopped = (): boolean => Atomics.load(words, STOPPED) === 1;
  const environment = new LogEnvironment({
    ...ports,
    fileSystem: stoppable(ports.fileSystem, isStopped),
    logger: tellingLogger(tell),
    maxOpenFiles: MAX_OPEN_FILES,
    producerExpirationMs: work.producerExpirationMs,
  });
  while (!isStopped()) {
    const index = Atomics.add(words, NEXT_LOG, 1);
    const log = work.logs[index];
    if (log === undefined) return;
    try {
      recoverLog(environment, log);
      tell({ kind: 'recovered', index });
    } catch {
      tell({ kind: 'failed', index });
    }
  }
}

/** Gives up at the next file that is opened: a log may be many gigabytes, a segment is one. */
function stoppable(fileSystem: FileSystem, isStopped: () => boolean): FileSystem {
  return new Proxy(fileSystem, {
    get(target, name) {
      if (name === 'openSync' && isStopped()) throw new Error('The broker has ended');
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function tellingLogger(tell: (message: RecoveryMessage) => void): Logger {
  const at = (level: 'debug' | 'info' | 'warn') => (message: string) => tell({ kind: 'log', level, message });
  const error = (message: string, cause?: unknown): void =>
    tell({ kind: 'log', level: 'error', message: cause === undefined ? message : `${message}: ${String(cause)}` });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error };
}
