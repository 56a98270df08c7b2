import { PassThrough, Readable } from 'node:stream';
import type { Tool } from '../../extension/cli/tool-io.ts';

export interface ToolResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one of Kafka's tools within the test: its arguments as one text (split at spaces) or a list. */
export async function runTool(
  tool: Tool,
  args: string | readonly string[],
  options: { readonly input?: string | Buffer; readonly signal?: AbortSignal } = {},
): Promise<ToolResult> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => out.push(chunk));
  stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const list = typeof args === 'string' ? args.split(' ').filter((word) => word !== '') : args;
  const code = await tool(list, {
    stdin: Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]),
    stdout,
    stderr,
    env: {},
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') };
}
