import { resolve } from 'node:path';
import type { Listener } from '../engine/broker/broker-options.ts';
import { ClusterError } from './cluster-error.ts';
import { CONTROLLER_PORT_OFFSET, DEFAULT_PORT } from './cluster-options.ts';
import { loopbackHosts } from './cluster-plan.ts';
import type { ClusterPlan } from './cluster-plan.ts';

type Properties = ReadonlyMap<string, string>;

/** Opens listeners without SASL or TLS to other machines. */
const allowRemoteSetting = 'samsa.allow.remote.plaintext';

/** Kafka's own default. */
const defaultLogDir = '/tmp/kafka-logs';

/**
 * One broker as a `server.properties` describes it. A plaintext listener without an address, which in Kafka means every
 * interface, is bound to loopback; one that names another address is refused, unless `samsa.allow.remote.plaintext=true`.
 * Throws `BAD_ARGUMENT`.
 */
export function planServer(properties: Properties): ClusterPlan {
  checkRoles(properties);
  const nodeId = integer(properties, ['node.id', 'broker.id']) ?? 1;
  const logDirs = readLogDirs(properties);
  const controllerName = list(properties.get('controller.listener.names'))[0] ?? 'CONTROLLER';
  const all = readListeners('listeners', properties.get('listeners') ?? `PLAINTEXT://:${DEFAULT_PORT}`);
  const clients = all.filter(({ name }) => name !== controllerName);
  if (clients.length === 0) throw bad('listeners has none for clients');
  const controller = all.find(({ name }) => name === controllerName) ?? controllerBeside(controllerName, clients);
  const listeners = clients.flatMap((listener) => bound(listener, properties));
  const advertised = readListeners('advertised.listeners', properties.get('advertised.listeners') ?? '');
  return {
    dataDir: logDirs[0],
    ownsDataDir: false,
    brokers: () => [
      {
        nodeId,
        logDirs,
        listeners,
        advertisedListeners: clients.map(
          (listener) => advertised.find(({ name }) => name === listener.name) ?? reachable(listener, listeners),
        ),
        controllerListener: bound(controller, properties)[0] ?? controller,
        config: Object.fromEntries([...properties].filter(([name]) => name !== allowRemoteSetting)),
      },
    ],
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

/** `NAME://host:port,…`; the host may be empty, or IPv6 in brackets. */
function readListeners(property: string, text: string): Listener[] {
  const listeners = list(text).map((entry) => {
    const [, name, host, port] = /^([A-Za-z0-9_]+):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/[\]]*):(\d{1,5})$/.exec(entry) ?? [];
    if (name === undefined || host === undefined || Number(port) > 65_535) {
      throw bad(`${property} takes NAME://host:port, not '${entry}'`);
    }
    return { name: name.toUpperCase(), host: host.replace(/[[\]]/g, ''), port: Number(port) };
  });
  const names = listeners.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw bad(`${property} names ${twice} twice`);
  return listeners;
}

/** Files from before KRaft have no controller listener. */
function controllerBeside(name: string, [first]: readonly Listener[]): Listener {
  const port = first?.port ?? 0;
  return { name, host: '127.0.0.1', port: port === 0 ? 0 : port + CONTROLLER_PORT_OFFSET };
}

/** The addresses to bind for one listener. */
function bound(listener: Listener, properties: Properties): Listener[] {
  const { name, host, port } = listener;
  const open = isProtected(name, properties) || properties.get(allowRemoteSetting) === 'true';
  if (host === '' && open) return [{ name, host: '0.0.0.0', port }];
  if (host === '' || host === 'localhost') return loopbackHosts(port).map((address) => ({ name, host: address, port }));
  if (open || isLoopback(host)) return [listener];
  throw bad(
    `Listener ${name} on ${host} would be open to other machines without authentication: ` +
      `use 127.0.0.1, configure SASL or TLS, or set ${allowRemoteSetting}=true`,
  );
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isProtected(listenerName: string, properties: Properties): boolean {
  const mapped = list(properties.get('listener.security.protocol.map'))
    .map((entry) => entry.split(':'))
    .find(([name]) => name?.toUpperCase() === listenerName)?.[1];
  const protocol = (mapped ?? listenerName).toUpperCase();
  return protocol === 'SSL' || protocol.startsWith('SASL_');
}

function reachable({ name, host, port }: Listener, listeners: readonly Listener[]): Listener {
  const address = listeners.find((listener) => listener.name === name)?.host ?? host;
  return { name, host: address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
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
