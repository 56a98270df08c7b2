import type { Readable, Writable } from 'node:stream';

/** What a command may touch of the process it runs in. */
export interface ToolIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT and SIGTERM; the reason is the signal's name. */
  readonly signal: AbortSignal;
}

/** One command; resolves with the exit code. */
export type Tool = (args: readonly string[], io: ToolIo) => Promise<number>;

export interface ToolModule {
  readonly run: Tool;
}

/** The exit code of a command that was interrupted: 128 and the signal's number. */
export function interruptedExitCode(signal: AbortSignal): number {
  return signal.reason === 'SIGTERM' ? 143 : 130;
}

/** Writes a line. */
export function print(stream: Writable, text: string): void {
  stream.write(`${text}\n`);
}

/** Writes and, when the reader is slower than we are, waits for it. */
export async function writeFully(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  if (stream.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
