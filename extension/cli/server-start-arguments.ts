import { parsePairs } from './properties.ts';

/** What `kafka-server-start.sh [-daemon] server.properties [--override name=value]…` says. */
export interface ServerStartArguments {
  readonly file: string;
  /** Settings that go before those of the file. */
  readonly overrides: ReadonlyMap<string, string>;
  /** Goes on in the background. */
  readonly isDaemon: boolean;
}

export const SERVER_START_USAGE =
  'USAGE: kafka-server-start.sh [-daemon] server.properties [--override property=value]*';

/** Undefined when the arguments do not make sense. */
export function parseServerStart(args: readonly string[]): ServerStartArguments | undefined {
  const isDaemon = args[0] === '-daemon';
  const [file, ...rest] = isDaemon ? args.slice(1) : args;
  if (file === undefined || file.startsWith('-')) return undefined;
  const pairs: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    const pair = word.startsWith('--override=') ? word.slice('--override='.length) : rest[++i];
    if (!/^--override(=|$)/.test(word) || pair === undefined || !pair.includes('=')) return undefined;
    pairs.push(pair);
  }
  return { file, overrides: parsePairs(pairs), isDaemon };
}
