import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import {
  brokerConfig,
  brokerConfigs,
  clientMetricsConfigs,
  dynamicSecurityConfigs,
  groupConfigs,
  topicConfigs,
} from './config-definitions.ts';
import { CLUSTER_DEFAULT } from './config-resolver.ts';
import type { ConfigResolver } from './config-resolver.ts';
import { canonicalConfigValue, parseConfigList } from './config-value.ts';
import type { ConfigsImage, ResourceConfigs } from './metadata-image.ts';

/** Checks all configs that a topic would have. Throws ApiError INVALID_CONFIG. */
export function checkTopicConfigs(resolver: ConfigResolver, image: ConfigsImage, configs: ResourceConfigs): void {
  const values = new Map<string, string | null>();
  for (const name of configs.keys()) {
    if (!topicConfigs.has(name)) throw invalid(`Unknown topic config name: ${name}`);
  }
  for (const [name, value] of configs) {
    const definition = topicConfigs.get(name);
    if (definition !== undefined) values.set(name, canonicalConfigValue(definition, value));
  }
  const defaults = resolver.topicDefaults(image);
  const minLag = values.get('min.compaction.lag.ms') ?? defaults['min.compaction.lag.ms'] ?? '0';
  const maxLag = values.get('max.compaction.lag.ms') ?? defaults['max.compaction.lag.ms'] ?? '0';
  if (BigInt(minLag) > BigInt(maxLag)) {
    throw invalid(
      `conflict topic config setting min.compaction.lag.ms (${minLag}) > max.compaction.lag.ms (${maxLag})`,
    );
  }
  if (values.get('remote.storage.enable') === 'true') {
    throw invalid(
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    );
  }
}

/** May be configured as 0, but not changed to it. */
const threadCounts: ReadonlySet<string> = new Set([
  'background.threads',
  'log.cleaner.threads',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
]);

/**
 * Checks all dynamic configs that a broker (or '' for all of them) would have. Names that Kafka does not know pass: they may
 * be meant for a plug-in.
 *
 * @throws ApiError INVALID_REQUEST
 */
export function checkBrokerConfigs(name: string, configs: ResourceConfigs): void {
  const names = [...configs.keys()];
  const refuse = (why: string, refused: readonly string[]): void => {
    if (refused.length > 0) throw new ApiError(ErrorCode.INVALID_REQUEST, `${why}: [${refused.join(', ')}]`);
  };
  refuse(
    'Cannot update these configs dynamically',
    names.filter((each) => brokerConfigs.get(each)?.updateMode === 'read-only'),
  );
  refuse(
    'These security configs can be dynamically updated only per-listener using the listener prefix',
    names.filter((each) => dynamicSecurityConfigs.has(each)),
  );
  if (name === CLUSTER_DEFAULT) {
    refuse(
      'Cannot update these configs at default cluster level, broker id must be specified',
      names.filter((each) => brokerConfig(each)?.updateMode === 'per-broker'),
    );
  }
  for (const [each, value] of configs) {
    const definition = brokerConfig(each);
    if (definition === undefined) continue;
    try {
      canonicalConfigValue(definition, value);
    } catch (error) {
      throw new ApiError(ErrorCode.INVALID_REQUEST, (error as Error).message);
    }
    if (threadCounts.has(each) && Number(value) < 1) {
      throw new ApiError(ErrorCode.INVALID_REQUEST, `Invalid value ${value} for ${each}: value should be at least 1`);
    }
  }
}

/** Group configs whose bounds are not named after them. */
const irregularBounds: Readonly<Record<string, string>> = {
  'group.streams.max.num.standby.replicas': 'group.streams.max.standby.replicas',
};

/** Checks all configs that a group would have. Throws ApiError INVALID_CONFIG. */
export function checkGroupConfigs(resolver: ConfigResolver, image: ConfigsImage, configs: ResourceConfigs): void {
  const values = new Map<string, string | null>();
  for (const [name, value] of configs) {
    const definition = groupConfigs.get(name);
    if (definition === undefined) throw invalid(`Unknown group config name: ${name}`);
    values.set(name, canonicalConfigValue(definition, value));
  }
  for (const [name, value] of values) {
    for (const bound of ['min', 'max'] as const) {
      const limitName = boundOf(name, bound);
      const limit = brokerConfigs.has(limitName) ? resolver.broker(image, limitName) : null;
      if (limit === null || value === null) continue;
      if (bound === 'min' && Number(value) < Number(limit)) {
        throw invalid(`${name} must be greater than or equal to ${limitName}`);
      }
      if (bound === 'max' && Number(value) > Number(limit)) {
        throw invalid(`${name} must be less than or equal to ${limitName}`);
      }
    }
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const number = (name: string): number => {
      const broker = groupConfigs.get(name)?.synonyms[0]?.name;
      return Number(values.get(name) ?? (broker === undefined ? null : resolver.broker(image, broker)));
    };
    const session = `${kind}.session.timeout.ms`;
    const beat = `${kind}.heartbeat.interval.ms`;
    if (number(session) <= number(beat)) throw invalid(`${session} must be greater than ${beat}`);
  }
}

/** `consumer.session.timeout.ms` has the bound `group.consumer.min.session.timeout.ms`. */
function boundOf(name: string, bound: 'min' | 'max'): string {
  const [kind, ...rest] = name.split('.');
  const regular = `group.${kind}.${bound}.${rest.join('.')}`;
  return irregularBounds[regular] ?? regular;
}

const INTERVAL_MS_MIN = 100;
const INTERVAL_MS_MAX = 3_600_000;

const matchKeys: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]);

/** Checks all configs that a client-metrics subscription would have. Throws ApiError INVALID_REQUEST, INVALID_CONFIG. */
export function checkClientMetricsConfigs(configs: ResourceConfigs): void {
  for (const [name, value] of configs) {
    const definition = clientMetricsConfigs.get(name);
    if (definition === undefined) {
      throw new ApiError(ErrorCode.INVALID_REQUEST, `Unknown client metrics configuration: ${name}`);
    }
    canonicalConfigValue(definition, value);
    if (name === 'interval.ms' && !(Number(value) >= INTERVAL_MS_MIN && Number(value) <= INTERVAL_MS_MAX)) {
      throw new ApiError(
        ErrorCode.INVALID_REQUEST,
        `Invalid value ${value} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
      );
    }
    if (name !== 'match') continue;
    for (const pattern of parseConfigList(value)) {
      if (!isMatchPattern(pattern)) throw invalid(`Illegal client matching pattern: ${pattern}`);
    }
  }
}

function isMatchPattern(pattern: string): boolean {
  const at = pattern.indexOf('=');
  if (at < 0 || !matchKeys.has(pattern.slice(0, at).trim())) return false;
  try {
    return new RegExp(pattern.slice(at + 1)) !== undefined;
  } catch {
    return false;
  }
}

function invalid(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_CONFIG, message);
}
