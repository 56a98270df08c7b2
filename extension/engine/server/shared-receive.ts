import { Socket, type SocketConstructorOpts } from 'node:net';

/** Most that one read takes: what a few requests of a busy producer make. */
const RECEIVE_BYTES = 256 * 1024;

/** What Node reads sockets into, where it can be told. */
interface StreamHandle {
  useUserBuffer?(buffer: Uint8Array): void;
}

/**
 * Has all sockets of a server read into one buffer. By default Node makes a buffer for each read, and then V8 collects
 * garbage for every few megabytes that arrive. Node offers this (`onread`) for sockets that connect; one that was accepted
 * gets it by passing its handle on to a new socket. Where that is not to be had, sockets are read as usual.
 */
export class SharedReceive {
  #buffer: Buffer | undefined;

  /**
   * Takes over a socket that was accepted and not read yet. `onBytes` must have done with bytes that are `shared` when it
   * returns. Answers the socket to use from now on.
   */
  attach(accepted: Socket, onBytes: (bytes: Buffer, shared: boolean) => void): Socket {
    const handle = takeHandle(accepted);
    if (handle === undefined) {
      accepted.on('data', (bytes: Buffer) => onBytes(bytes, false));
      return accepted;
    }
    const buffer = (this.#buffer ??= Buffer.allocUnsafeSlow(RECEIVE_BYTES));
    const onread = {
      buffer,
      callback: (count: number) => {
        onBytes(buffer.subarray(0, count), true);
        return true;
      },
    };
    const options: SocketConstructorOpts & { handle: StreamHandle } = { handle, onread };
    return new Socket(options);
  }
}

function takeHandle(socket: Socket): StreamHandle | undefined {
  // Windows is given its buffers before there is anything to read: each socket needs its own there.
  if (process.platform === 'win32') return undefined;
  const owner = socket as unknown as { _handle?: StreamHandle | null };
  const handle = owner._handle;
  if (typeof handle?.useUserBuffer !== 'function') return undefined;
  owner._handle = null;
  return handle;
}
