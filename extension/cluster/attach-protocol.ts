import { connectToOwner } from './directory-lock.ts';
import { JsonLineReader } from './json-lines.ts';

/**
 * What the owner of a data directory says about itself: the first line on every connection to its socket, and again when
 * `state` changes. Then come `ready` (once the cluster is), events and replies, as over `--control`.
 */
export interface OwnerEvent {
  readonly event: 'owner';
  readonly pid: number;
  readonly startedAtMs: number;
  readonly dataDir: string;
  /** Empty until it is known. */
  readonly bootstrap: string;
  readonly state: 'starting' | 'running' | 'stopping';
}

export function isOwnerEvent(message: unknown): message is OwnerEvent {
  return typeof message === 'object' && message !== null && 'event' in message && message.event === 'owner';
}

/** How long an owner that accepts connections may take to say who it is. */
const askTimeoutMs = 2_000;
/** How long an owner that is stopping may take to let go of the directory. */
const releaseTimeoutMs = 15_000;

/**
 * Who owns the directory: undefined when nobody does, the directory does not exist, or the owner does not answer in time.
 * `inside`: see `lockPlace`.
 */
export async function findOwner(directory: string, inside = true): Promise<OwnerEvent | undefined> {
  const socket = await connectToOwner(directory, inside).catch(() => undefined);
  if (socket === undefined) return undefined;
  return new Promise((resolve) => {
    const done = (owner?: OwnerEvent): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(owner);
    };
    const timer = setTimeout(done, askTimeoutMs);
    const reader = new JsonLineReader((line) => (isOwnerEvent(line) ? done(line) : undefined));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.once('close', () => done());
  });
}

/** Waits while an owner that is stopping takes its time. */
export async function waitUntilReleased(directory: string): Promise<void> {
  const socket = await connectToOwner(directory, true).catch(() => undefined);
  if (socket === undefined) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => socket.destroy(), releaseTimeoutMs);
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
