import { ClusterError } from '../cluster/cluster-error.ts';
import type { ClusterOptions } from '../cluster/cluster-options.ts';

export interface StartArguments {
  readonly options: ClusterOptions;
  /** Events as JSON lines on standard output. */
  readonly json: boolean;
  /** Commands as JSON lines on standard input, or over IPC when the parent opened a channel. */
  readonly control: boolean;
  readonly help: boolean;
}

export const startUsage = `Usage: samsa start [options]

Runs a Kafka-compatible cluster in the foreground until Ctrl+C.

  --brokers N           number of brokers (1)
  --port P              client port of broker 1, the next broker gets the next port; 0: any free ones (9092)
  --controller-port P   controller port of broker 1 (client port + 1000)
  --data-dir DIR        where data live, in DIR/broker-<id> (a temporary directory, removed at exit)
  --config KEY=VALUE    a broker config by Kafka's name; may be given several times
  --json                events as JSON lines on standard output, the first one says "ready"
  --control             commands as JSON lines on standard input, such as {"id":1,"op":"state"}; implies --json
  --help                this text
`;

const flags = ['--json', '--control', '--help', '-h'] as const;
const withValue = ['--brokers', '--port', '--controller-port', '--data-dir', '--config'] as const;

type Flag = (typeof flags)[number];
type ValueOption = (typeof withValue)[number];

/** `--option value` and `--option=value`; the last of several counts. Throws `BAD_ARGUMENT`. */
export function parseStartArguments(args: readonly string[]): StartArguments {
  const given = new Set<Flag>();
  const values = new Map<ValueOption, string>();
  const config: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const { name, value } = splitOption(args[index] ?? '');
    const flag = flags.find((known) => known === name);
    const option = withValue.find((known) => known === name);
    if (flag !== undefined) {
      if (value !== undefined) throw bad(`${name} takes no value`);
      given.add(flag);
    } else if (option !== undefined) {
      const text = value ?? args[++index];
      if (text === undefined || text === '') throw bad(`${option} needs a value`);
      if (option === '--config') addConfig(config, text);
      else values.set(option, text);
    } else {
      throw bad(`unknown argument '${args[index]}'`);
    }
  }
  const dataDir = values.get('--data-dir');
  return {
    options: {
      ...numberOption(values, '--brokers', 'brokers'),
      ...numberOption(values, '--port', 'port'),
      ...numberOption(values, '--controller-port', 'controllerPort'),
      ...(dataDir === undefined ? {} : { dataDir }),
      config,
    },
    json: given.has('--json') || given.has('--control'),
    control: given.has('--control'),
    help: given.has('--help') || given.has('-h'),
  };
}

function splitOption(argument: string): { name: string; value: string | undefined } {
  const equals = argument.indexOf('=');
  if (!argument.startsWith('--') || equals < 0) return { name: argument, value: undefined };
  return { name: argument.slice(0, equals), value: argument.slice(equals + 1) };
}

function addConfig(config: Record<string, string>, text: string): void {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  if (name === '') throw bad(`--config takes KEY=VALUE, not '${text}'`);
  config[name] = text.slice(equals + 1).trim();
}

function numberOption(
  values: ReadonlyMap<ValueOption, string>,
  option: ValueOption,
  name: 'brokers' | 'port' | 'controllerPort',
): Pick<ClusterOptions, typeof name> {
  const text = values.get(option);
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text)) throw bad(`${option} takes a number, not '${text}'`);
  return { [name]: Number(text) };
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
