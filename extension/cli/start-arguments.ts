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

  --brokers N           number of brokers, 1 to 9 (as many as DIR holds; 1 in a new one)
  --controllers N       run the metadata quorum on N nodes of its own, 1, 3 or 5, with ids from 101
                        (without it brokers 1 to 3 are the quorum, or broker 1 where there are fewer)
  --port P              client port of broker 1, the next broker gets the next port; 0: any free ones (9092)
  --controller-port P   controller port of broker 1, or of the first controller (client port + 1000)
  --data-dir DIR        where data live, in DIR/broker-<id> and DIR/controller-<id>
                        (a temporary directory, removed at exit)
  --racks A,B,…         racks of brokers 1, 2, …; again from the first when they run out
  --config KEY=VALUE    a broker config by Kafka's name, for every node; may be given several times.
                        samsa.allow.remote.plaintext=true lets listeners be open to other machines, without
                        authentication
  --json                events as JSON lines on standard output, the first one says "ready"
  --control             commands as JSON lines on standard input, such as {"id":1,"op":"state"}; implies --json
  --help                this text

Commands of --control, with their fields:
  state [topic]         start, stop, kill broker     freeze broker ms       isolate broker [clients]
  heal [broker]         slow [from] [to] delayMs     drop from to           segments broker topic partition
  add-broker [rack]     remove-broker broker         events [since]         shutdown
`;

const flags = ['--json', '--control', '--help', '-h'] as const;
const withValue = [
  '--brokers',
  '--controllers',
  '--port',
  '--controller-port',
  '--data-dir',
  '--racks',
  '--config',
] as const;

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
  const racks = values.get('--racks');
  return {
    options: {
      ...numberOption(values, '--brokers', 'brokers'),
      ...numberOption(values, '--controllers', 'controllers'),
      ...numberOption(values, '--port', 'port'),
      ...numberOption(values, '--controller-port', 'controllerPort'),
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(racks === undefined ? {} : { racks: readRacks(racks) }),
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

function readRacks(text: string): string[] {
  const racks = text.split(',').map((rack) => rack.trim());
  if (racks.includes('')) throw bad(`--racks takes names separated by commas, not '${text}'`);
  return racks;
}

function numberOption(
  values: ReadonlyMap<ValueOption, string>,
  option: ValueOption,
  name: 'brokers' | 'controllers' | 'port' | 'controllerPort',
): Pick<ClusterOptions, typeof name> {
  const text = values.get(option);
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text)) throw bad(`${option} takes a number, not '${text}'`);
  return { [name]: Number(text) };
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
