import facts from './kafka-facts.json' with { type: 'json' };

/** Config types as DescribeConfigs numbers them. */
export const ConfigType = {
  UNKNOWN: 0,
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
} as const;

export type ConfigTypeName = keyof typeof ConfigType;

/** What a value must fulfil besides its type. */
export type ConfigCheck =
  | { readonly kind: 'range'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'oneOf' | 'oneOfIgnoringCase'; readonly values: readonly string[] }
  | {
      readonly kind: 'list';
      /** Any when missing. */
      readonly values?: readonly string[];
      readonly emptyAllowed: boolean;
      readonly nullAllowed: boolean;
    }
  | {
      readonly kind:
        'gzipLevel' | 'throttledReplicas' | 'autoOffsetReset' | 'nonEmpty' | 'nonNull' | 'hostPorts' | 'voters';
    };

/** A broker config that says the same as another config, perhaps in another unit. */
export interface ConfigSynonym {
  readonly name: string;
  /** The unit of the synonym where it is not milliseconds too. */
  readonly unit?: 'hours' | 'minutes';
}

/** Whether a running broker takes a new value: not at all, for itself, or for the whole cluster too. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';

/** One of Kafka's configs. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigTypeName;
  /** As text; null is Kafka's null, undefined means that a value must be given. */
  readonly default?: string | null;
  /** Works, but is not listed unless set. */
  readonly internal?: boolean;
  readonly check?: ConfigCheck;
  /**
   * Broker configs that are asked in this order when the config itself has no value. Of a broker config the list has the
   * config itself in it; of a group config it is one name at most.
   */
  readonly synonyms: readonly ConfigSynonym[];
  readonly updateMode: UpdateMode;
  /** Only exists as a dynamic broker config: no line of server.properties sets it. */
  readonly dynamicOnly?: boolean;
}

interface RawDefinition {
  readonly name: string;
  readonly type: string;
  readonly default?: string | null;
  readonly internal?: boolean;
  readonly check?: unknown;
  readonly dynamic?: string;
  readonly dynamicOnly?: boolean;
}

function index(
  raw: readonly RawDefinition[],
  synonymsOf: (name: string) => readonly ConfigSynonym[],
): ReadonlyMap<string, ConfigDefinition> {
  return new Map(
    raw.map((definition) => [
      definition.name,
      {
        ...(definition as Omit<ConfigDefinition, 'synonyms' | 'updateMode'>),
        synonyms: synonymsOf(definition.name),
        updateMode: (definition.dynamic ?? 'read-only') as UpdateMode,
      },
    ]),
  );
}

function byName<T extends { readonly name: string }>(raw: readonly T[]): (name: string) => T | undefined {
  const map = new Map(raw.map((entry) => [entry.name, entry]));
  return (name) => map.get(name);
}

const rawTopic = byName(facts.topic);
const rawBroker = byName<{ readonly name: string; readonly synonyms?: readonly string[] }>(facts.broker);
const rawGroup = byName<{ readonly name: string; readonly broker?: string }>(facts.group);

/** All topic configs, sorted by name; `internal.segment.bytes` too. */
export const topicConfigs = index(facts.topic, (name) => (rawTopic(name)?.synonyms ?? []) as readonly ConfigSynonym[]);

/** All broker configs, sorted by name but for the three that are only dynamic, which come last. */
export const brokerConfigs = index(facts.broker, (name) =>
  (rawBroker(name)?.synonyms ?? [name]).map((synonym) => ({ name: synonym })),
);

/** Configs of consumer, share and streams groups. */
export const groupConfigs = index(facts.group, (name) => {
  const broker = rawGroup(name)?.broker;
  return broker === undefined ? [] : [{ name: broker }];
});

/** Configs of client-metrics subscriptions. */
export const clientMetricsConfigs = index(facts.clientMetrics, () => []);

/** Broker configs that change while running only where they are given per listener. */
export const dynamicSecurityConfigs: ReadonlySet<string> = new Set(facts.dynamicSecurity);

const LISTENER_PREFIX = /^listener\.name\.[^.]+\.(?:(?:plain|gssapi|scram-sha-256|scram-sha-512|oauthbearer)\.)?(.+)$/;

/**
 * The definition behind a broker config's name. A listener has its own values of security configs under
 * `listener.name.<listener>.[<mechanism>.]<config>`.
 */
export function brokerConfig(name: string): ConfigDefinition | undefined {
  const plain = brokerConfigs.get(name);
  if (plain !== undefined) return plain;
  const base = LISTENER_PREFIX.exec(name)?.[1];
  const definition = base === undefined ? undefined : brokerConfigs.get(base);
  return definition === undefined ? undefined : { ...definition, name };
}

/** Whether a broker config is given per listener. */
export function isListenerOverride(name: string): boolean {
  return LISTENER_PREFIX.test(name) && !brokerConfigs.has(name);
}

/** The value of a password, and of whatever nobody knows the type of, is never told. */
export function isSensitive(definition: ConfigDefinition | undefined): boolean {
  return definition === undefined || definition.type === 'PASSWORD';
}
