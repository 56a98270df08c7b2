import { resolve } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { DEFAULT_PORT } from './cluster-options.ts';
import type { ClusterPlan } from './cluster-plan.ts';
import { allowRemoteSetting, list, planListeners } from './listeners.ts';

type Properties = ReadonlyMap<string, string>;

/** Kafka's own default. */
const defaultLogDir = '/tmp/kafka-logs';

/** One broker as a `server.properties` describes it. Throws `BAD_ARGUMENT`. */
export function planServer(properties: Properties): ClusterPlan {
  checkRoles(properties);
  const nodeId = integer(properties, ['node.id', 'broker.id']) ?? 1;
  const logDirs = readLogDirs(properties);
  const listeners = planListeners(properties, DEFAULT_PORT);
  const config = Object.fromEntries([...properties].filter(([name]) => name !== allowRemoteSetting));
  return {
    dataDir: logDirs[0],
    ownsDataDir: false,
    nodes: () => [{ nodeId, roles: ['broker', 'controller'], votes: true, logDirs, ...listeners, config }],
  };
}

function checkRoles(properties: Properties): void {
  const roles = list(properties.get('process.roles'));
  if (roles.length > 0 && !roles.includes('broker')) {
    throw bad(`process.roles=${roles.join(',')} is not possible yet: a node is a broker and a controller`);
  }
  const voters = list(properties.get('controller.quorum.voters'));
  if (voters.length > 1) throw bad(`A quorum of ${voters.length} voters is not possible yet; only one node is`);
}

/** The first one holds the metadata log. */
function readLogDirs(properties: Properties): string[] {
  const given = list(properties.get('log.dirs') ?? properties.get('log.dir') ?? defaultLogDir);
  const dirs = [...new Set(given.map((dir) => resolve(dir)))];
  if (dirs.length === 0) throw bad('log.dirs names no directory');
  const metadata = properties.get('metadata.log.dir');
  if (metadata === undefined) return dirs;
  const first = resolve(metadata);
  if (!dirs.includes(first)) throw bad(`metadata.log.dir=${metadata} is not one of log.dirs`);
  return [first, ...dirs.filter((dir) => dir !== first)];
}

function integer(properties: Properties, names: readonly string[]): number | undefined {
  for (const name of names) {
    const text = properties.get(name);
    if (text === undefined) continue;
    if (!/^\d{1,9}$/.test(text.trim())) throw bad(`${name} takes a number from 0 on, not '${text}'`);
    return Number(text);
  }
  return undefined;
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
