import { networkInterfaces } from 'node:os';
import type { Listener } from '../engine/broker/broker-options.ts';
import { ClusterError } from './cluster-error.ts';
import { CONTROLLER_PORT_OFFSET } from './cluster-options.ts';

type Properties = ReadonlyMap<string, string>;

/** Opens plaintext listeners to other machines. */
export const allowRemoteSetting = 'samsa.allow.remote.plaintext';

export interface PlannedListeners {
  readonly listeners: readonly Listener[];
  readonly advertisedListeners: readonly Listener[];
  readonly controllerListener: Listener;
}

/**
 * Reads `listeners`, `advertised.listeners` and what belongs to them; without `listeners` there is one, PLAINTEXT on `port`.
 * The controller's is the one that `listeners` names, else on `controllerPort`, else on a port beside the first client port.
 *
 * A plaintext listener without an address, which in Kafka means every interface, is bound to loopback; one that names
 * another address is refused, unless `samsa.allow.remote.plaintext=true`. Throws `BAD_ARGUMENT`.
 */
export function planListeners(properties: Properties, port: number, controllerPort?: number): PlannedListeners {
  const controllerName = list(properties.get('controller.listener.names'))[0] ?? 'CONTROLLER';
  const all = readListeners('listeners', properties.get('listeners') ?? `PLAINTEXT://:${port}`);
  for (const { name } of all) checkProtocol(name, properties);
  const clients = all.filter(({ name }) => name !== controllerName);
  if (clients.length === 0) throw bad('listeners has none for clients');
  const controller = all.find(({ name }) => name === controllerName) ?? {
    name: controllerName,
    host: '127.0.0.1',
    port: controllerPort ?? portBeside(clients),
  };
  const listeners = clients.flatMap((listener) => bound(listener, properties));
  const advertised = readListeners('advertised.listeners', properties.get('advertised.listeners') ?? '');
  return {
    listeners,
    advertisedListeners: clients.map(
      (listener) => advertised.find(({ name }) => name === listener.name) ?? reachable(listener, listeners),
    ),
    controllerListener: bound(controller, properties)[0] ?? controller,
  };
}

/** A listener that asks for TLS or SASL must not be served without. */
function checkProtocol(listenerName: string, properties: Properties): void {
  const mapped = list(properties.get('listener.security.protocol.map'))
    .map((entry) => entry.split(':'))
    .find(([name]) => name?.toUpperCase() === listenerName)?.[1];
  const protocol = (mapped ?? listenerName).toUpperCase();
  if (protocol !== 'SSL' && !protocol.startsWith('SASL_')) return;
  throw bad(`Listener ${listenerName} asks for ${protocol}, which is not possible yet; only PLAINTEXT is`);
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

function portBeside([first]: readonly Listener[]): number {
  const port = first?.port ?? 0;
  if (port === 0) return 0;
  if (port + CONTROLLER_PORT_OFFSET <= 65_535) return port + CONTROLLER_PORT_OFFSET;
  throw bad(
    `Port ${port} leaves no room for a controller port ${CONTROLLER_PORT_OFFSET} above it; name a controller port`,
  );
}

/** The addresses to bind for one listener. */
function bound(listener: Listener, properties: Properties): Listener[] {
  const { name, host, port } = listener;
  const open = properties.get(allowRemoteSetting) === 'true';
  if (host === '' && open) return [{ name, host: '0.0.0.0', port }];
  if (host === '' || host === 'localhost') return loopbackHosts(port).map((address) => ({ name, host: address, port }));
  if (open || isLoopback(host)) return [listener];
  throw bad(
    `Listener ${name} on ${host} would be open to other machines without authentication: ` +
      `use 127.0.0.1 or set ${allowRemoteSetting}=true`,
  );
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Clients that resolve `localhost` try `::1` and `127.0.0.1` in turn (librdkafka), so both are served where the machine
 * has both. With port 0 the two would get different ports.
 */
function loopbackHosts(port: number): string[] {
  return port !== 0 && hasIpv6Loopback() ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
}

function reachable({ name, host, port }: Listener, listeners: readonly Listener[]): Listener {
  const address = listeners.find((listener) => listener.name === name)?.host ?? host;
  return { name, host: address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

/** The values of a property that takes several, separated by commas. */
export function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
