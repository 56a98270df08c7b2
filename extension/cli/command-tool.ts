import { readFileSync } from 'node:fs';
import { Admin } from '../client/admin.ts';
import { ClusterClient } from '../client/cluster-client.ts';
import { clientOptions } from './client-config.ts';
import { DEFAULT_CLIENT_ID, KAFKA_VERSION, useClient } from './cluster-tool.ts';
import { exceptionText } from './exception-text.ts';
import { parseProperties } from './properties.ts';
import {
  CommandLineError,
  HelpRequest,
  parseCommandLine,
  type CommandLine,
  type CommandSpec,
  type SubOption,
} from './sub-commands.ts';
import { print, type Tool, type ToolIo } from './tool-io.ts';

export const SERVER_OPTION: SubOption = {
  flags: ['--bootstrap-server'],
  argument: 'HOST:PORT,…',
  about: 'Servers of the cluster to connect to first.',
};

export const CONTROLLER_OPTION: SubOption = {
  flags: ['--bootstrap-controller'],
  argument: 'HOST:PORT,…',
  about: 'Controllers to connect to first, in place of servers.',
};

export const CONFIG_OPTION: SubOption = {
  flags: ['--command-config'],
  argument: 'FILE',
  about: 'Properties of the client: security.protocol, sasl.*, ssl.*, time-outs.',
};

export interface CommandToolSpec extends CommandSpec {
  /** Whether help counts as success; it does in some of Kafka's tools. */
  readonly isHelpSuccess?: boolean;
  /** What goes to stderr about arguments that are wrong; by default the usage and the message. */
  readonly complaint?: (error: CommandLineError) => string;
  /** Does the work; resolves with the exit code. What it throws goes to stderr, with code 1. */
  execute(line: CommandLine, io: ToolIo): Promise<number>;
}

/** Makes a command out of the spec of a tool with sub-commands. */
export function commandTool(spec: CommandToolSpec): Tool {
  return async (args, io) => {
    try {
      if (args.length === 1 && args[0] === '--version') {
        print(io.stdout, KAFKA_VERSION);
        return 0;
      }
      return await spec.execute(parseCommandLine(args, spec), io);
    } catch (error) {
      if (error instanceof HelpRequest) {
        print(io.stdout, error.message);
        return spec.isHelpSuccess === true ? 0 : 1;
      }
      if (!(error instanceof Error)) throw error;
      if (error instanceof CommandLineError) {
        print(io.stderr, spec.complaint?.(error) ?? `${error.usage}\n${spec.program}: error: ${error.message}`);
      } else {
        print(io.stderr, exceptionText(error));
      }
      return 1;
    }
  };
}

/** The properties of a file; none without one. */
export function propertiesFrom(path: string | undefined): Map<string, string> {
  return path === undefined ? new Map<string, string>() : parseProperties(readFileSync(path, 'utf8'));
}

/** Runs with a client of the servers or controllers that the options name. */
export function withAdmin<T>(
  line: CommandLine,
  properties: ReadonlyMap<string, string>,
  io: ToolIo,
  use: (admin: Admin, client: ClusterClient) => Promise<T>,
): Promise<T> {
  const server = line.value('--bootstrap-server');
  const bootstrap = server ?? line.value('--bootstrap-controller') ?? '';
  const client = new ClusterClient({
    ...clientOptions(bootstrap, properties, DEFAULT_CLIENT_ID),
    endpoints: server === undefined ? 'controllers' : 'brokers',
  });
  return useClient(client, io, () => use(new Admin(client), client));
}
