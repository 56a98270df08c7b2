import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, rmdirSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { diskError, errnoOf } from './data-directory.ts';
import { lockPlace, withSocketPath } from './lock-place.ts';

/**
 * One owner per data directory: whoever listens on the directory's socket. The socket is also how others reach the owner.
 *
 * A Windows pipe and an abstract Linux socket are given to one process and taken back when it dies. A Unix socket stays behind
 * when its process is killed, so:
 *
 *     make a folder `.samsa-<random>`, listen in it on a socket of a unique name `<pid>-<random>`
 *     rename the folder to `.samsa`, which succeeds only while that is missing or empty: the winner owns the directory
 *     else try each socket in `.samsa`: one that answers has the owner; one that does not is dead: unlink it, once more
 *
 * A socket listens before its folder gets the name, so a dead one is really dead; and as names are unique, a slow
 * contender can only ever unlink the socket that it found dead, never that of a new owner. Owners greet those who connect:
 * a process that is just being killed still takes connections for a moment, but says nothing any more.
 */
export class DirectoryLock {
  readonly #server: Server;
  /** The socket's file, where it has one. */
  readonly #file: { readonly folder: string; readonly name: string } | undefined;

  private constructor(server: Server, file?: { readonly folder: string; readonly name: string }) {
    this.#server = server;
    this.#file = file;
  }

  /**
   * Undefined when somebody alive owns the directory. `onConnection` gets those who come to talk to us, and greets. Throws
   * `DIRECTORY_UNWRITABLE` or `DISK_FULL`. `inside`: see {@link lockPlace}.
   */
  static async acquire(
    directory: string,
    inside: boolean,
    onConnection: (socket: Socket) => void,
  ): Promise<DirectoryLock | undefined> {
    const place = lockPlace(directory, inside);
    if (place.kind === 'name') return DirectoryLock.#acquireName(place.name, onConnection);
    for (const folder of place.paths) {
      const result = await DirectoryLock.#acquireFolder(folder, onConnection);
      if (result !== 'no sockets') return result;
    }
    throw new ClusterError('DIRECTORY_UNWRITABLE', `No socket can be made for ${directory}, so it can't be locked`);
  }

  /** Gives the directory back. Connections are their owner's to close. */
  async release(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (this.#file !== undefined) {
      const { folder, name } = this.#file;
      attempt(() => unlinkSync(join(folder, name)));
      // Fails when the next owner has moved in.
      attempt(() => rmdirSync(folder));
    }
    await closed;
  }

  static async #acquireName(name: string, onConnection: (socket: Socket) => void): Promise<DirectoryLock | undefined> {
    for (;;) {
      const server = listener(onConnection);
      try {
        await listen(server, name);
        return new DirectoryLock(server);
      } catch (error) {
        if (errnoOf(error) !== 'EADDRINUSE' && errnoOf(error) !== 'EACCES') throw error;
      }
      if (await isAlive(() => open(name))) return undefined;
    }
  }

  static async #acquireFolder(
    folder: string,
    onConnection: (socket: Socket) => void,
  ): Promise<DirectoryLock | undefined | 'no sockets'> {
    const random = randomBytes(4).toString('hex');
    const candidate = `${folder}-${random}`;
    const name = `${process.pid}-${random}`;
    const server = listener(onConnection);
    try {
      // Only the user whose cluster it is may talk to it.
      mkdirSync(candidate, { mode: 0o700 });
    } catch (error) {
      throw diskError(error, folder);
    }
    let owned = false;
    try {
      await withSocketPath(candidate, name, (path) => listen(server, path));
      owned = await claim(candidate, folder);
      return owned ? new DirectoryLock(server, { folder, name }) : undefined;
    } catch (error) {
      if (noSockets.has(errnoOf(error) ?? '')) return 'no sockets';
      throw diskError(error, folder);
    } finally {
      if (!owned) {
        server.close();
        rmSync(candidate, { recursive: true, force: true });
      }
    }
  }
}

/** The socket of the directory's owner; undefined when nobody owns it, or there is no such directory. */
export async function connectToOwner(directory: string, inside: boolean): Promise<Socket | undefined> {
  if (!existsSync(directory)) return undefined;
  const place = lockPlace(directory, inside);
  if (place.kind === 'name') return open(place.name);
  for (const folder of place.paths) {
    for (const name of list(folder)) {
      const socket = await withSocketPath(folder, name, open);
      if (socket !== undefined) return socket;
    }
  }
  return undefined;
}

/** What `listen` says where a file system or a sandbox has no Unix sockets. */
const noSockets: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL', 'ENOSYS', 'EAFNOSUPPORT']);

/** True when `candidate` has become `folder`; false when somebody alive has it. */
async function claim(candidate: string, folder: string): Promise<boolean> {
  for (;;) {
    try {
      renameSync(candidate, folder);
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    for (const name of list(folder)) {
      if (await isAlive(() => withSocketPath(folder, name, open))) return false;
      attempt(() => unlinkSync(join(folder, name)));
    }
  }
}

/** Looks again at a socket that hangs up on us: that of a process that is ending, or one with too many visitors. */
const maxLooks = 20;
const lookAgainMs = 50;
/** An owner that takes this long to greet is busy, not dead. */
const greetingMs = 500;

async function isAlive(look: () => Promise<Socket | undefined>): Promise<boolean> {
  for (let looks = 1; looks <= maxLooks; looks++) {
    const socket = await look();
    if (socket === undefined) return false;
    if (await staysOrGreets(socket)) return true;
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
  return true;
}

function staysOrGreets(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (alive: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(alive);
    };
    const timer = setTimeout(done, greetingMs, true);
    socket.once('data', () => done(true));
    socket.once('close', () => done(false));
  });
}

/** Undefined when nobody listens. Rejects when somebody does whom we may not reach. */
function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.off('error', onError);
      // Whoever uses it listens for `close`, which follows an error.
      socket.on('error', () => {});
      resolve(socket);
    });
    const onError = (error: Error): void => {
      const code = errnoOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(undefined);
      else
        reject(new ClusterError('DIRECTORY_LOCKED', `Its owner can't be reached: ${error.message}`, { cause: error }));
    };
    socket.once('error', onError);
  });
}

function listener(onConnection: (socket: Socket) => void): Server {
  return createServer((socket) => {
    // Those who only look whether we are alive hang up at once. `close` follows an error.
    socket.on('error', () => {});
    onConnection(socket);
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw diskError(error, folder);
  }
}

function attempt(fn: () => void): void {
  try {
    fn();
  } catch {
    // Somebody else did it already.
  }
}
