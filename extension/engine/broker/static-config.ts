import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { brokerConfig } from '../metadata/config-definitions.ts';
import { canonicalConfigValue } from '../metadata/config-value.ts';
import type { BrokerConfigInput, Listener } from './broker-options.ts';

/** The server.properties that this input amounts to: what DescribeConfigs shows as static. */
export function staticConfig(input: BrokerConfigInput): Record<string, string> {
  const { advertisedListeners, controllerListener } = input;
  const all = controllerListener === undefined ? input.listeners : [...input.listeners, controllerListener];
  const controllerName = controllerListener?.name ?? 'CONTROLLER';
  const names = new Set([...all.map(({ name }) => name), controllerName]);
  return {
    'process.roles': input.roles.join(','),
    'node.id': String(input.nodeId),
    'log.dirs': input.logDirs.join(','),
    listeners: all.map(listenerText).join(','),
    // A controller advertises nothing to clients, and a list must not be empty.
    ...(advertisedListeners.length === 0
      ? {}
      : { 'advertised.listeners': advertisedListeners.map(listenerText).join(',') }),
    'controller.listener.names': controllerName,
    'listener.security.protocol.map': [...names].map((name) => `${name}:PLAINTEXT`).join(','),
    ...input.config,
  };
}

/**
 * Refuses values that their configs do not allow. Names that nobody knows are let through, as Kafka does: plugins may read
 * them.
 *
 * @throws ApiError INVALID_CONFIG that names the config
 */
export function checkStaticConfig(config: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(config)) {
    const definition = brokerConfig(name);
    if (definition !== undefined) canonicalConfigValue(definition, value);
  }
  checkCordoned(config);
}

function checkCordoned(config: Readonly<Record<string, string>>): void {
  const problem = cordonProblem(config['cordoned.log.dirs'] ?? '', entries(config['log.dirs'] ?? ''));
  if (problem !== undefined) throw new ApiError(ErrorCode.INVALID_CONFIG, problem);
}

/** Why `cordoned.log.dirs` cannot be `value`: only log directories of the broker can be cordoned, or all of them. */
export function cordonProblem(value: string, logDirs: readonly string[]): string | undefined {
  const cordoned = entries(value);
  if (cordoned.length === 1 && cordoned[0] === '*') return undefined;
  const strangers = cordoned.filter((path) => !logDirs.includes(path));
  if (strangers.length === 0) return undefined;
  return `cordoned.log.dirs names ${strangers.join(', ')}: it takes entries of log.dirs, or * alone`;
}

function entries(list: string): string[] {
  return list.split(',').flatMap((each) => each.trim() || []);
}

function listenerText({ name, host, port }: Listener): string {
  return `${name}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
