import { readFileSync } from 'node:fs';
import { BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION } from './cluster-tool.ts';
import { UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';
import { parseProperties } from './properties.ts';

const ENTITY_TYPES = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
  'broker-loggers',
] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

/** Whose settings: one by name, the default of its type (`''`), or (null) all of the type. */
export interface Entity {
  readonly type: EntityType;
  readonly name: string | null;
}

/** Options that name type and entity in one. */
const NAME_OPTIONS: Readonly<Record<string, EntityType>> = {
  topic: 'topics',
  client: 'clients',
  user: 'users',
  broker: 'brokers',
  'broker-logger': 'broker-loggers',
  ip: 'ips',
  group: 'groups',
  'client-metrics': 'client-metrics',
};

const DEFAULT_OPTIONS: Readonly<Record<string, EntityType>> = {
  'client-defaults': 'clients',
  'user-defaults': 'users',
  'broker-defaults': 'brokers',
  'ip-defaults': 'ips',
};

export const CONFIGS_OPTIONS: readonly OptionSpec[] = [
  BOOTSTRAP_OPTION,
  {
    name: 'bootstrap-controller',
    argument: 'host:port,…',
    about: 'Controllers to connect to, in place of --bootstrap-server.',
  },
  COMMAND_CONFIG_OPTION,
  { name: 'describe', about: 'Show settings.' },
  { name: 'alter', about: 'Change settings.' },
  { name: 'all', about: 'With --describe: static settings and defaults as well.' },
  { name: 'entity-type', argument: 'type', about: `Whose settings: ${ENTITY_TYPES.join(', ')}.` },
  { name: 'entity-name', argument: 'name', about: 'The name of the entity.' },
  { name: 'entity-default', about: 'The default of the type: clients, users, brokers, ips.' },
  { name: 'add-config', argument: 'k=v,k=[v,v]', about: 'Settings to set; brackets hold values with commas.' },
  { name: 'add-config-file', argument: 'file', about: 'A properties file of settings to set.' },
  { name: 'delete-config', argument: 'k,k', about: 'Settings to remove.' },
  { name: 'force', about: 'Accepted.' },
  ...Object.entries(NAME_OPTIONS).map(([name, type]) => ({ name, argument: 'name', about: `One of the ${type}.` })),
  ...Object.entries(DEFAULT_OPTIONS).map(([name, type]) => ({ name, about: `The default of all ${type}.` })),
];

/** The entities that the options name. Throws UsageError or Error when they do not go together. */
export function entitiesOf(options: ParsedOptions): Entity[] {
  const types = options.values('entity-type').map(entityType);
  const names: (string | null)[] = [...options.values('entity-name')];
  if (options.has('entity-default')) names.push('');
  const named = types.map((type, index): Entity => ({ type, name: names[index] ?? null }));
  for (const [option, type] of Object.entries(NAME_OPTIONS)) {
    for (const name of options.values(option)) named.push({ type, name });
  }
  for (const [option, type] of Object.entries(DEFAULT_OPTIONS)) {
    if (options.has(option)) named.push({ type, name: '' });
  }
  if (named.length === 0) throw new Error('At least one entity type must be specified');
  const distinct = new Set(named.map(({ type }) => type));
  const isUserAndClient = named.length === 2 && distinct.has('users') && distinct.has('clients');
  if (named.length > 1 && !isUserAndClient) {
    throw new Error("Only 'users' and 'clients' may be named together, one of each");
  }
  for (const { type, name } of named) {
    const isBroker = type === 'brokers' || type === 'broker-loggers';
    if (isBroker && name !== null && name !== '' && !/^\d+$/.test(name)) {
      throw new Error(`The entity name for ${type} must be a valid integer broker id, but it is: ${name}`);
    }
  }
  return named;
}

function entityType(text: string): EntityType {
  const type = ENTITY_TYPES.find((name) => name === text);
  if (type !== undefined) return type;
  throw new Error(`Invalid entity type ${text}, the entity type must be one of ${ENTITY_TYPES.join(', ')}`);
}

export interface ConfigEdits {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** The changes that the options ask for. Throws Error when there are none or a pair is malformed. */
export function editsOf(options: ParsedOptions): ConfigEdits {
  if (!options.has('add-config') && !options.has('add-config-file') && !options.has('delete-config')) {
    throw new Error(
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    );
  }
  if (options.has('add-config') && options.has('add-config-file')) {
    throw new UsageError('Only one of --add-config and --add-config-file may be given');
  }
  const file = options.value('add-config-file');
  const set =
    file === undefined ? parsePairs(options.value('add-config') ?? '') : parseProperties(readFileSync(file, 'utf8'));
  const remove = options
    .values('delete-config')
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return { set, remove };
}

/** `k1=v1,k2=[v1,v2]`: commas within brackets belong to the value. */
export function parsePairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split(/,(?=[^\]]*(?:\[|$))/)) {
    if (part.trim() === '') continue;
    const match = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/s.exec(part);
    if (match === null) throw new Error(`Invalid entity config '${part}': write it as key=val`);
    pairs.set(match[1]!, match[2]!.replace(/^\[/, '').replace(/\]$/, ''));
  }
  return pairs;
}
