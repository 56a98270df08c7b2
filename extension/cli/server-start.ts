import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterClient } from '../client/cluster-client.ts';
import { planServer } from '../cluster/server-plan.ts';
import { parseProperties } from './properties.ts';
import { runServer } from './run-server.ts';
import { parseServerStart, SERVER_START_USAGE } from './server-start-arguments.ts';
import { print, type Tool } from './tool-io.ts';

const PROGRAM = 'kafka-server-start';
const PROBE_TIMEOUT_MS = 500;

/**
 * `kafka-server-start.sh config/server.properties`: one broker in this terminal, or a line that says that the cluster of
 * this directory runs already.
 */
export const run: Tool = async (args, io) => {
  const parsed = parseServerStart(args);
  if (parsed === undefined) {
    print(io.stderr, SERVER_START_USAGE);
    return 1;
  }
  const file = existingFile(parsed.file, io.env['SAMSA_HOME']);
  if (file === undefined) {
    print(
      io.stderr,
      `${PROGRAM}: ${parsed.file} does not exist here. Name another file, or run 'Samsa: Open Kafka Terminal' in VS Code, where it does.`,
    );
    return 1;
  }
  let properties: Map<string, string>;
  try {
    properties = new Map([...parseProperties(readFileSync(file, 'utf8')), ...parsed.overrides]);
  } catch (error) {
    print(io.stderr, `${PROGRAM}: ${file} cannot be read: ${(error as Error).message}`);
    return 1;
  }
  const running = await runningCluster(properties);
  if (running !== undefined) {
    print(io.stdout, `The cluster of ${running.logDir} runs already: use it at ${running.bootstrap}.`);
    return 0;
  }
  if (parsed.isDaemon) return startInBackground(args);
  return runServer(PROGRAM, properties);
};

/** The file as it was named, or below the folder that the command itself lies in, as in Kafka's own distribution. */
function existingFile(file: string, home: string | undefined): string | undefined {
  return [file, ...(home === undefined ? [] : [join(home, file)])].find((path) => existsSync(path));
}

/** The cluster that serves the directory now; undefined when none does, or when the properties are not valid. */
async function runningCluster(
  properties: ReadonlyMap<string, string>,
): Promise<{ bootstrap: string; logDir: string } | undefined> {
  const place = await placeOf(properties);
  if (place === undefined) return undefined;
  const client = new ClusterClient({ bootstrap: place.bootstrap, connectTimeoutMs: PROBE_TIMEOUT_MS });
  try {
    const { clusterId } = await client.metadata();
    return clusterId === place.clusterId ? place : undefined;
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

async function placeOf(
  properties: ReadonlyMap<string, string>,
): Promise<{ bootstrap: string; logDir: string; clusterId: string } | undefined> {
  try {
    const plan = planServer(properties);
    const logDir = plan.dataDir;
    const [broker] = await plan.nodes(logDir ?? '');
    const listener = broker?.advertisedListeners[0];
    if (logDir === undefined || listener === undefined) return undefined;
    const meta = join(logDir, 'meta.properties');
    const clusterId = existsSync(meta) ? parseProperties(readFileSync(meta, 'utf8')).get('cluster.id') : undefined;
    const host = listener.host.includes(':') ? `[${listener.host}]` : listener.host;
    return clusterId === undefined ? undefined : { bootstrap: `${host}:${listener.port}`, logDir, clusterId };
  } catch {
    // What is wrong with the properties is said when they are used.
    return undefined;
  }
}

function startInBackground(args: readonly string[]): number {
  const [script = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, 'server-start', ...args.slice(1)], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  return 0;
}
