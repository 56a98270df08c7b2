import { expect } from 'vitest';
import { runTool, type ToolName } from './apache-kafka-tools.ts';
import { samsa } from './samsa-cluster.ts';

/** What a tool said, without what only a JVM says. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export async function kafkaSays(name: ToolName, args: readonly string[]): Promise<Said> {
  const { code, stdout, stderr } = await runTool(name, args, { logLevel: 'ERROR' });
  return { code, out: plain(stdout), err: plain(stderr) };
}

export async function samsaSays(name: ToolName, args: readonly string[]): Promise<Said> {
  const child = samsa([name, ...args]);
  child.endInput();
  const { code, stdout, stderr } = await child.wait();
  return { code, out: plain(stdout), err: plain(stderr) };
}

/** Runs Kafka's tool and ours, one after the other, and compares; resolves with what both said. */
export async function expectSame(name: ToolName, args: readonly string[]): Promise<Said> {
  const kafka = await kafkaSays(name, args);
  const samsaSaid = await samsaSays(name, args);
  expect({ args, ...samsaSaid }).toEqual({ args, ...kafka });
  return samsaSaid;
}

/** For lines that change nothing: two at a time, since it is the start of a JVM that takes the time. */
export async function inPairs<T>(lines: readonly T[], run: (line: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < lines.length; at += 2) await Promise.all(lines.slice(at, at + 2).map(run));
}

/** Classes of the JVM and of Kafka's libraries; those of Kafka itself are part of the text that scripts look for. */
const FOREIGN_CLASS =
  /(?:Exception in thread "main" )?(?:java|joptsimple|com\.fasterxml)\.[\w.$]+(?:Exception|Error): /g;

const CLASSES = /^(?:[\w.$]+(?:Exception|Error): )+/;

const LOG_LINE = /^\d\d:\d\d:\d\d\.\d{3} [A-Z]+ /;

const TRACE_LINE = /^\s*(?:at |\.\.\. \d+ |Caused by: |Suppressed: )/;

/**
 * A text without log lines and stack traces (which begin with classes and the message above again), without the table of options below a
 * message, and without blanks at the end of lines.
 */
function plain(text: string): string {
  const complaint = /^kafka-[\w-]+:\s+error:[^]*/m.exec(text);
  if (complaint !== null) return unwrapped(complaint[0]);
  const kept: string[] = [];
  for (const line of text.split('\n').map((each) => each.trimEnd())) {
    if (/^Option\s+Description$/.test(line)) break;
    const message = line.replace(CLASSES, '');
    const isTraceHead = message !== line && kept.at(-1)?.endsWith(message) === true;
    if (!isTraceHead && !TRACE_LINE.test(line) && !LOG_LINE.test(line)) kept.push(line.replace(FOREIGN_CLASS, ''));
  }
  return kept.join('\n').trimEnd();
}

/** What is wrong with the arguments, as one line: Kafka fills lines up with blanks and breaks them at dashes, too. */
function unwrapped(text: string): string {
  const [message = ''] = text.split('\n\nDid you mean:');
  return message
    .replace(/\s+/g, ' ')
    .replace(/- (?=[-\w])/g, '-')
    .trim();
}
