/** Every setting of Samsa, typed once: name without `samsa.`, type, default. A test compares this with package.json. */

export const clusterHosts = ['childProcess', 'extensionHost'] as const;
export type ClusterHostKind = (typeof clusterHosts)[number];

/** An even number of voters stands no more failures than the odd one below it. */
export const quorumSizes = [0, 1, 3, 5] as const;

/** Broker configs as a person writes them; Kafka's own names. */
export type BrokerConfigs = Readonly<Record<string, string | number | boolean>>;

export interface Settings {
  /** The first broker's client port; 0 for any free port. */
  readonly 'cluster.port': number;
  /** Of a new cluster; one that exists keeps those it has. */
  readonly 'cluster.brokers': number;
  /** Nodes for the quorum of a new cluster alone: 0, 1, 3 or 5. */
  readonly 'cluster.controllers': number;
  /** Absolute, or empty for a folder below VS Code's global storage. */
  readonly 'cluster.dataDirectory': string;
  readonly 'cluster.host': ClusterHostKind;
  readonly 'cluster.config': BrokerConfigs;
  readonly 'cluster.startAutomatically': boolean;
  readonly 'explorer.showInternalTopics': boolean;
  /** Records that the Messages view keeps. */
  readonly 'messages.bufferSize': number;
  /** Whether the integrated terminal finds `kafka-topics.sh` and its siblings. */
  readonly 'terminal.addToPath': boolean;
}

export type SettingName = keyof Settings;

export type SettingDefinition<Value> = {
  readonly default: Value;
  /** Safe to be set by a workspace that nobody trusts yet. */
  readonly safeWhenUntrusted: boolean;
} & (Value extends number ? { readonly minimum: number; readonly maximum: number } : unknown);

export const settingDefinitions: { readonly [Name in SettingName]: SettingDefinition<Settings[Name]> } = {
  'cluster.port': { default: 9092, minimum: 0, maximum: 64_535, safeWhenUntrusted: false },
  'cluster.brokers': { default: 3, minimum: 1, maximum: 9, safeWhenUntrusted: false },
  'cluster.controllers': { default: 0, minimum: 0, maximum: 5, safeWhenUntrusted: false },
  'cluster.dataDirectory': { default: '', safeWhenUntrusted: false },
  'cluster.host': { default: 'childProcess', safeWhenUntrusted: false },
  'cluster.config': { default: {}, safeWhenUntrusted: false },
  'cluster.startAutomatically': { default: false, safeWhenUntrusted: false },
  'explorer.showInternalTopics': { default: false, safeWhenUntrusted: true },
  'messages.bufferSize': { default: 10_000, minimum: 100, maximum: 1_000_000, safeWhenUntrusted: true },
  'terminal.addToPath': { default: true, safeWhenUntrusted: false },
};

/** What a setting's stored value means: out of range or of another type, and the default or the nearest bound counts. */
export function validSetting<Name extends SettingName>(name: Name, stored: unknown): Settings[Name] {
  const definition = settingDefinitions[name] as SettingDefinition<Settings[SettingName]>;
  return coerce(name, stored, definition) as Settings[Name];
}

function coerce(name: SettingName, stored: unknown, definition: SettingDefinition<Settings[SettingName]>): unknown {
  if (name === 'cluster.host') return clusterHosts.find((host) => host === stored) ?? definition.default;
  if (name === 'cluster.config') return brokerConfigs(stored);
  if (name === 'cluster.controllers') return quorumSizes.findLast((size) => Number(stored) >= size) ?? 0;
  if (typeof stored !== typeof definition.default) return definition.default;
  if (typeof stored === 'number') return clamp(stored, definition as SettingDefinition<number>);
  return typeof stored === 'string' ? stored.trim() : stored;
}

function clamp(value: number, bounds: SettingDefinition<number>): number {
  if (!Number.isFinite(value)) return bounds.default;
  return Math.min(bounds.maximum, Math.max(bounds.minimum, Math.trunc(value)));
}

function brokerConfigs(stored: unknown): BrokerConfigs {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return {};
  const entries = Object.entries(stored as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string | number | boolean] => isScalar(entry[1])),
  );
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && !Number.isNaN(value));
}
