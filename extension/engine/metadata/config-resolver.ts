import type { CreatableTopicConfigsInput } from '../../protocol/generated/create-topics-response.ts';
import type {
  DescribeConfigsResourceResultInput,
  DescribeConfigsSynonymInput,
} from '../../protocol/generated/describe-configs-response.ts';
import {
  brokerConfig,
  brokerConfigs,
  clientMetricsConfigs,
  ConfigType,
  groupConfigs,
  isListenerOverride,
  isSensitive,
  topicConfigs,
} from './config-definitions.ts';
import type { ConfigDefinition, ConfigSynonym } from './config-definitions.ts';
import { canonicalConfigValue } from './config-value.ts';
import { ConfigResourceType } from './metadata-image.ts';
import type { ConfigsImage, ResourceConfigs } from './metadata-image.ts';

/** Where a value comes from, as DescribeConfigs numbers it. */
export const ConfigSource = {
  UNKNOWN: 0,
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_BROKER_LOGGER_CONFIG: 6,
  CLIENT_METRICS_CONFIG: 7,
  GROUP_CONFIG: 8,
} as const;

export type ConfigValues = Readonly<Record<string, string | undefined>>;

/** Name of the resource that holds the dynamic configs of all brokers. */
export const CLUSTER_DEFAULT = '';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Answers what a config is worth on one broker: its own dynamic value, the cluster's, the one of server.properties, Kafka's
 * default, each under the config's name and its synonyms.
 */
export class ConfigResolver {
  readonly #nodeId: number;
  readonly #static: ReadonlyMap<string, string>;
  /** Topic defaults, kept as long as the dynamic broker configs they were made from. */
  #defaults: { own: ResourceConfigs; cluster: ResourceConfigs; values: ConfigValues } | undefined;

  /** `staticConfig` is server.properties: all that was given, `node.id`, `listeners` and `log.dirs` included. */
  constructor(nodeId: number, staticConfig: ConfigValues) {
    this.#nodeId = nodeId;
    const all = new Map(
      Object.entries(staticConfig).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    // Each stands in for the other, as in Kafka.
    const id = all.get('node.id') ?? all.get('broker.id') ?? String(nodeId);
    this.#static = all.set('node.id', id).set('broker.id', all.get('broker.id') ?? id);
  }

  /** One broker config's effective value here; null when it has none. */
  broker(configs: ConfigsImage, name: string): string | null {
    const own = this.#own(configs);
    const cluster = configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT);
    return this.#brokerValue(own, cluster, name);
  }

  /** A number from {@link broker}. The config must have a numeric type and a value. */
  brokerNumber(configs: ConfigsImage, name: string): number {
    const value = this.broker(configs, name);
    if (value === null) throw new Error(`${name} has no value`);
    return Number(value);
  }

  /** Every topic config's effective value, by its topic-level name; those without a value are left out. */
  topic(configs: ConfigsImage, topic: string): ConfigValues {
    const defaults = this.topicDefaults(configs);
    const overrides = configs.get(ConfigResourceType.TOPIC, topic);
    return overrides.size === 0 ? defaults : { ...defaults, ...Object.fromEntries(overrides) };
  }

  /** One topic config's effective value. */
  topicValue(configs: ConfigsImage, topic: string, name: string): string | undefined {
    return configs.get(ConfigResourceType.TOPIC, topic).get(name) ?? this.topicDefaults(configs)[name];
  }

  /** What a topic without configs of its own has. */
  topicDefaults(configs: ConfigsImage): ConfigValues {
    const own = this.#own(configs);
    const cluster = configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT);
    if (this.#defaults?.own === own && this.#defaults.cluster === cluster) return this.#defaults.values;
    const values: Record<string, string> = {};
    for (const definition of topicConfigs.values()) {
      const value = this.#topicDefault(own, cluster, definition);
      if (value !== null) values[definition.name] = value;
    }
    this.#defaults = { own, cluster, values };
    return values;
  }

  /** All configs of a topic, by name, as DescribeConfigs lists them; `keys` restricts them. */
  describeTopic(
    configs: ConfigsImage,
    topic: string,
    keys: readonly string[] | null,
  ): DescribeConfigsResourceResultInput[] {
    const overrides = configs.get(ConfigResourceType.TOPIC, topic);
    return this.describeTopicOverrides(configs, overrides, keys);
  }

  /** Like {@link describeTopic}, for overrides that are not (yet) in the image. */
  describeTopicOverrides(
    configs: ConfigsImage,
    overrides: ResourceConfigs,
    keys: readonly string[] | null,
  ): DescribeConfigsResourceResultInput[] {
    const defaults = this.topicDefaults(configs);
    return select(topicConfigs, keys, (name) => overrides.has(name)).map((definition) => {
      const override = overrides.get(definition.name);
      const sensitive = isSensitive(definition);
      const value = override ?? defaults[definition.name] ?? null;
      const [first] = definition.synonyms;
      const synonyms = first === undefined ? [] : this.#brokerSynonyms(configs, first.name, sensitive);
      const shown = sensitive ? null : canonical(definition, value);
      if (override !== undefined) {
        synonyms.unshift({ name: definition.name, value: shown, source: ConfigSource.DYNAMIC_TOPIC_CONFIG });
      }
      return entry(definition, shown, synonyms, false);
    });
  }

  /** A topic's configs with where they come from, as CreateTopics answers them: values as they were given. */
  effectiveTopicConfigs(configs: ConfigsImage, overrides: ResourceConfigs): CreatableTopicConfigsInput[] {
    const own = this.#own(configs);
    const cluster = configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT);
    const levels: [(name: string) => string | undefined, number][] = [
      [(name) => own.get(name), ConfigSource.DYNAMIC_BROKER_CONFIG],
      [(name) => cluster.get(name), ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG],
      [(name) => this.#static.get(name), ConfigSource.STATIC_BROKER_CONFIG],
    ];
    return select(topicConfigs, null, (name) => overrides.has(name)).map((definition) => {
      const { name, synonyms } = definition;
      const plain = { name, readOnly: false, isSensitive: isSensitive(definition) };
      const override = overrides.get(name);
      if (override !== undefined) return { ...plain, value: override, configSource: ConfigSource.DYNAMIC_TOPIC_CONFIG };
      for (const [get, configSource] of levels) {
        for (const synonym of synonyms) {
          const value = get(synonym.name);
          if (value !== undefined) return { ...plain, value: inMilliseconds(value, synonym), configSource };
        }
      }
      return { ...plain, value: definition.default ?? null, configSource: ConfigSource.DEFAULT_CONFIG };
    });
  }

  /** All configs of this broker. */
  describeBroker(configs: ConfigsImage, keys: readonly string[] | null): DescribeConfigsResourceResultInput[] {
    const own = this.#own(configs);
    const cluster = configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT);
    const names = new Set<string>([...own.keys(), ...cluster.keys(), ...this.#static.keys()]);
    const known = select(brokerConfigs, keys, (name) => names.has(name)).filter(
      ({ name, dynamicOnly }) => dynamicOnly !== true || names.has(name),
    );
    const others = [...names].filter((name) => !brokerConfigs.has(name) && (keys?.includes(name) ?? true)).sort();
    return [...known, ...others.map((name) => brokerConfig(name) ?? unknownConfig(name))].map((definition) => {
      const sensitive = isSensitive(brokerConfig(definition.name));
      const value = this.#brokerValue(own, cluster, definition.name);
      const synonyms = this.#brokerSynonyms(configs, definition.name, sensitive);
      return entry(definition, sensitive ? null : value, synonyms, isReadOnly(definition.name));
    });
  }

  /** The dynamic configs that all brokers share: only those that are set. */
  describeBrokerDefaults(configs: ConfigsImage, keys: readonly string[] | null): DescribeConfigsResourceResultInput[] {
    const cluster = configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT);
    const names = [...cluster.keys()].filter((name) => keys?.includes(name) ?? true);
    return names.map((name) => {
      const definition = brokerConfig(name) ?? unknownConfig(name);
      const sensitive = isSensitive(brokerConfig(name));
      const value = sensitive ? null : canonical(definition, cluster.get(name) ?? null);
      const synonyms = [{ name, value, source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG }];
      return entry(definition, value, synonyms, isReadOnly(name));
    });
  }

  /** All configs of a group. */
  describeGroup(
    configs: ConfigsImage,
    group: string,
    keys: readonly string[] | null,
  ): DescribeConfigsResourceResultInput[] {
    const overrides = configs.get(ConfigResourceType.GROUP, group);
    return select(groupConfigs, keys, (name) => overrides.has(name)).map((definition) => {
      const override = overrides.get(definition.name);
      const [broker] = definition.synonyms;
      const inherited = broker === undefined ? null : this.broker(configs, broker.name);
      const value = canonical(definition, override ?? inherited ?? definition.default ?? null);
      const synonyms =
        broker === undefined ? ownDefault(definition) : this.#brokerSynonyms(configs, broker.name, false);
      if (override !== undefined) synonyms.unshift({ name: definition.name, value, source: ConfigSource.GROUP_CONFIG });
      return entry(definition, value, synonyms, false);
    });
  }

  /** All configs of a client-metrics subscription. */
  describeClientMetrics(
    configs: ConfigsImage,
    subscription: string,
    keys: readonly string[] | null,
  ): DescribeConfigsResourceResultInput[] {
    const overrides = configs.get(ConfigResourceType.CLIENT_METRICS, subscription);
    return select(clientMetricsConfigs, keys, () => true).map((definition) => {
      const override = overrides.get(definition.name);
      const value = canonical(definition, override ?? definition.default ?? null);
      const synonyms: DescribeConfigsSynonymInput[] = [];
      if (override !== undefined) {
        synonyms.push({ name: definition.name, value, source: ConfigSource.CLIENT_METRICS_CONFIG });
      }
      return entry(definition, value, synonyms, false);
    });
  }

  #own(configs: ConfigsImage): ResourceConfigs {
    return configs.get(ConfigResourceType.BROKER, String(this.#nodeId));
  }

  #brokerValue(own: ResourceConfigs, cluster: ResourceConfigs, name: string): string | null {
    const definition = brokerConfig(name);
    const value = own.get(name) ?? cluster.get(name) ?? this.#static.get(name) ?? definition?.default ?? null;
    return definition === undefined ? value : canonical(definition, value);
  }

  #topicDefault(own: ResourceConfigs, cluster: ResourceConfigs, definition: ConfigDefinition): string | null {
    for (const synonym of definition.synonyms) {
      const value = this.#brokerValue(own, cluster, synonym.name);
      if (value !== null) return inMilliseconds(value, synonym);
    }
    return definition.default ?? null;
  }

  /** Where a broker config gets its value from, the source in force first. */
  #brokerSynonyms(configs: ConfigsImage, name: string, sensitive: boolean): DescribeConfigsSynonymInput[] {
    const base = brokerConfig(name);
    const names = isListenerOverride(name)
      ? [name, ...(base === undefined ? [] : [name.replace(/^listener\.name\.[^.]+\./, '')])]
      : (base?.synonyms ?? [{ name }]).map((synonym) => synonym.name);
    const levels: [(name: string) => string | null | undefined, number][] = [
      [(each) => this.#own(configs).get(each), ConfigSource.DYNAMIC_BROKER_CONFIG],
      [
        (each) => configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT).get(each),
        ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG,
      ],
      [(each) => this.#static.get(each), ConfigSource.STATIC_BROKER_CONFIG],
      [
        (each) => (brokerConfigs.get(each)?.dynamicOnly === true ? undefined : brokerConfigs.get(each)?.default),
        ConfigSource.DEFAULT_CONFIG,
      ],
    ];
    const found = levels.flatMap(([get, source]) =>
      names.flatMap((each) => {
        const value = get(each);
        if (value === null || value === undefined) return [];
        return [{ name: each, value: sensitive ? null : value, source }];
      }),
    );
    // Synonyms that rank before the config itself say nothing about it where it is asked for by name.
    const first = found.findIndex((synonym) => synonym.name === name);
    return first < 0 ? [] : found.slice(first);
  }
}

function ownDefault(definition: ConfigDefinition): DescribeConfigsSynonymInput[] {
  const { name, default: value } = definition;
  return value === undefined || value === null ? [] : [{ name, value, source: ConfigSource.DEFAULT_CONFIG }];
}

function inMilliseconds(value: string, synonym: ConfigSynonym): string {
  if (synonym.unit === undefined) return value;
  const factor = synonym.unit === 'hours' ? HOUR_MS : MINUTE_MS;
  // -1 hours is "no limit" and not minus an hour.
  return Number(value) < 0 ? value : String(Number(value) * factor);
}

function select(
  definitions: ReadonlyMap<string, ConfigDefinition>,
  keys: readonly string[] | null,
  isSet: (name: string) => boolean,
): ConfigDefinition[] {
  return [...definitions.values()].filter(
    ({ name, internal }) => (keys?.includes(name) ?? true) && (internal !== true || isSet(name)),
  );
}

/** A value from the log may be older than a bound: shown as it is. */
function canonical(definition: ConfigDefinition, value: string | null): string | null {
  try {
    return canonicalConfigValue(definition, value);
  } catch {
    return value;
  }
}

/** A listener's own value counts as read-only although it may be changed: so it is in Kafka. */
function isReadOnly(name: string): boolean {
  return (brokerConfigs.get(name)?.updateMode ?? 'read-only') === 'read-only';
}

function unknownConfig(name: string): ConfigDefinition {
  return { name, type: 'UNKNOWN', synonyms: [{ name }], updateMode: 'read-only' };
}

function entry(
  definition: ConfigDefinition,
  value: string | null,
  synonyms: readonly DescribeConfigsSynonymInput[],
  readOnly: boolean,
): DescribeConfigsResourceResultInput {
  return {
    name: definition.name,
    value,
    readOnly,
    configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT_CONFIG,
    isSensitive: definition.type === 'PASSWORD' || definition.type === 'UNKNOWN',
    synonyms,
    configType: ConfigType[definition.type],
    documentation: null,
  };
}
