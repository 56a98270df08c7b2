import { readFileSync } from 'node:fs';
import { BrokerAwayError, ClusterClient } from '../client/cluster-client.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { clientOptions } from './client-config.ts';
import { OptionError, parseOptions, usage, UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';
import { parsePairs, parseProperties } from './properties.ts';
import { print, type Tool, type ToolIo } from './tool-io.ts';

/** The release whose tools these are compatible with; what `--version` prints, as theirs do. */
export const KAFKA_VERSION = '4.3.1';

/** What an admin client of Kafka's calls itself. */
export const DEFAULT_CLIENT_ID = 'adminclient-1';

export const BOOTSTRAP_OPTION: OptionSpec = {
  name: 'bootstrap-server',
  argument: 'host:port,…',
  about: 'REQUIRED: servers of the cluster to connect to first.',
};

export const COMMAND_CONFIG_OPTION: OptionSpec = {
  name: 'command-config',
  argument: 'file',
  about: 'Properties of the client: security.protocol, sasl.*, ssl.*, time-outs.',
};

const HELP_OPTION: OptionSpec = { name: 'help', about: 'Print this text.' };
const VERSION_OPTION: OptionSpec = {
  name: 'version',
  about: 'Print the version of Kafka that the tool corresponds to.',
};

export interface ClusterToolSpec {
  readonly about: string;
  readonly options: readonly OptionSpec[];
  /** Checks the options and does the work; resolves with the exit code. */
  execute(options: ParsedOptions, io: ToolIo): Promise<number>;
  /** Says what went wrong and answers the exit code; by default the message goes to stderr, with code 1. */
  readonly fail?: (error: Error, io: ToolIo) => number;
}

/** Makes a command out of its spec: help, version, options, and errors in one line. */
export function clusterTool(spec: ClusterToolSpec): Tool {
  const specs = [...spec.options, HELP_OPTION, VERSION_OPTION];
  return async (args, io) => {
    let options: ParsedOptions;
    try {
      options = parseOptions(args, specs);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      print(io.stderr, error.message);
      return 1;
    }
    try {
      if (options.has('version')) {
        print(io.stdout, KAFKA_VERSION);
        return 0;
      }
      if (args.length === 0 || options.has('help')) {
        print(io.stderr, usage(spec.about, specs));
        return 1;
      }
      return await spec.execute(options, io);
    } catch (error) {
      if (error instanceof UsageError) {
        print(io.stderr, usage(error.message, specs));
        return 1;
      }
      if (!(error instanceof Error)) throw error;
      if (spec.fail !== undefined) return spec.fail(error, io);
      print(io.stderr, messageOf(error));
      return 1;
    }
  };
}

/** What an error says, in the broker's own words where it is the broker's. */
export function messageOf(error: Error): string {
  const isBrokers = error instanceof KafkaError && !(error instanceof BrokerAwayError);
  return isBrokers ? (error.brokerMessage ?? error.message) : error.message;
}

/** Properties from a file named by one option, overridden by `key=value` pairs of others. */
export function propertiesOf(
  options: ParsedOptions,
  fileOptions: readonly string[],
  pairOptions: readonly string[],
): Map<string, string> {
  const properties = new Map<string, string>();
  for (const name of fileOptions) {
    const file = options.value(name);
    if (file === undefined) continue;
    for (const [key, value] of parseProperties(readFileSync(file, 'utf8'))) properties.set(key, value);
  }
  for (const name of pairOptions) {
    for (const [key, value] of parsePairs(options.values(name))) properties.set(key, value);
  }
  return properties;
}

export interface ClientSettings {
  /** The option that names the servers; `bootstrap-controller` makes a client of controllers. */
  readonly bootstrapOption?: string;
  /** Settings of the client; those of --command-config by default. */
  readonly properties?: ReadonlyMap<string, string>;
  readonly clientId?: string;
  /** The tool ends by itself when the user interrupts. */
  readonly keepsOpenOnAbort?: boolean;
}

/** Runs with a client that is closed in the end, or earlier when the user interrupts. */
export async function withClient<T>(
  options: ParsedOptions,
  io: ToolIo,
  use: (client: ClusterClient) => Promise<T>,
  settings: ClientSettings = {},
): Promise<T> {
  const bootstrap = options.required(settings.bootstrapOption ?? 'bootstrap-server');
  const properties = settings.properties ?? propertiesOf(options, ['command-config'], []);
  const client = new ClusterClient({
    ...clientOptions(bootstrap, properties, settings.clientId ?? DEFAULT_CLIENT_ID),
    endpoints: settings.bootstrapOption === 'bootstrap-controller' ? 'controllers' : 'brokers',
  });
  return useClient(client, io, use, settings.keepsOpenOnAbort);
}

/** Closes the client in the end, or earlier when the user interrupts (unless the tool then ends by itself). */
export async function useClient<T>(
  client: ClusterClient,
  io: ToolIo,
  use: (client: ClusterClient) => Promise<T>,
  keepsOpenOnAbort = false,
): Promise<T> {
  const close = (): void => client.close();
  if (!keepsOpenOnAbort) io.signal.addEventListener('abort', close, { once: true });
  try {
    return await use(client);
  } finally {
    io.signal.removeEventListener('abort', close);
    client.close();
  }
}
