import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { MessagePort, Worker } from 'node:worker_threads';
import { JsonLineReader } from './json-lines.ts';

/**
 * Carries plain objects both ways, in order. Made for one receiver: `receive` is called once, at once after making it.
 * Sending on a closed transport does nothing.
 */
export interface Transport {
  send(message: object): void;
  /** `onMessage` gets what the peer sent, unchecked; `onClose` is called once, when nothing more can come. */
  receive(onMessage: (message: unknown) => void, onClose: () => void): void;
  /** Says what is queued, then closes. */
  close(): void;
}

/** Between the supervisor and a worker thread: its side is the `Worker`, the thread's side `parentPort`. */
export function threadTransport(port: MessagePort | Worker): Transport {
  return {
    send: (message) => port.postMessage(message),
    receive(onMessage, onClose) {
      port.on('message', onMessage);
      port.once('close' in port ? 'close' : 'exit', onClose);
    },
    // A thread ends by itself once its port is closed and nothing else keeps it.
    close: () => ('close' in port ? port.close() : undefined),
  };
}

/** Node's IPC between this process and a forked one: pass `process` in the child, the `ChildProcess` in the parent. */
export function ipcTransport(peer: ChildProcess | NodeJS.Process): Transport {
  const events: NodeJS.EventEmitter = peer;
  return {
    send(message) {
      // The peer may vanish at any moment; its `disconnect` says so, an error here would only say it again.
      if (peer.connected) peer.send?.(message, undefined, undefined, () => {});
    },
    receive(onMessage, onClose) {
      events.on('message', onMessage);
      events.once('disconnect', onClose);
    },
    close() {
      if (peer.connected) peer.disconnect?.();
    },
  };
}

/** A peer that does not read must not fill our memory. */
const maxUnreadBytes = 32 * 1024 * 1024;

/** JSON lines over a socket or a pair of pipes. A peer that stops reading is cut off after 32 MiB. */
export function lineTransport(input: Readable, output: Writable): Transport {
  return {
    send(message) {
      if (!output.writable) return;
      if (output.writableLength > maxUnreadBytes) output.destroy();
      else output.write(`${JSON.stringify(message)}\n`);
    },
    receive(onMessage, onClose) {
      const reader = new JsonLineReader(onMessage);
      let closed = false;
      const close = (): void => {
        if (closed) return;
        closed = true;
        reader.end();
        onClose();
      };
      input.on('data', (chunk: Buffer) => reader.push(chunk));
      input.once('end', close);
      input.once('close', close);
      // `close` follows an error; without a listener the error would end the process.
      input.on('error', () => {});
      if (!Object.is(input, output)) output.on('error', close);
    },
    close: () => void output.end(),
  };
}
