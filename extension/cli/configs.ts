import type { Writable } from 'node:stream';
import { Admin } from '../client/admin.ts';
import type { ConfigEntry, ConfigResource, ConfigResourceType, ConfigSource } from '../client/admin/configs.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { clusterTool, messageOf, withClient } from './cluster-tool.ts';
import { CONFIGS_OPTIONS, editsOf, entitiesOf, type Entity, type EntityType } from './configs-options.ts';
import { alterUsers, describeUsers, hasQuotas } from './configs-users.ts';
import { exceptionName } from './log-line.ts';
import { UsageError } from './option-parser.ts';
import { print } from './tool-io.ts';

/** `kafka-configs`: shows and changes settings of topics, brokers, groups, users and more. */
export const run = clusterTool({
  about: 'Shows and changes settings of topics, brokers, groups, users, clients and more.',
  options: CONFIGS_OPTIONS,
  execute: async (options, io) => {
    if (options.has('describe') === options.has('alter')) {
      throw new UsageError('Command must include exactly one action: --describe, --alter');
    }
    const bootstrapOption = options.has('bootstrap-controller') ? 'bootstrap-controller' : 'bootstrap-server';
    if (!options.has(bootstrapOption)) {
      throw new Error('Either --bootstrap-server or --bootstrap-controller must be specified.');
    }
    const entities = entitiesOf(options);
    const work = async (admin: Admin): Promise<void> => {
      if (options.has('describe')) await describe(admin, entities, options.has('all'), io.stdout);
      else await alter(admin, entities, editsOf(options), io.stdout);
    };
    if (options.has('alter')) editsOf(options);
    await withClient(options, io, (client) => work(new Admin(client)), { bootstrapOption });
    return 0;
  },
  fail: (error, io) => {
    if (error instanceof KafkaError) {
      print(io.stderr, 'Error while executing config command');
      print(io.stderr, `${exceptionName(error.code)}: ${messageOf(error)}`);
    } else {
      print(io.stderr, error.message);
    }
    return 1;
  },
});

const RESOURCE_TYPES: Readonly<Partial<Record<EntityType, ConfigResourceType>>> = {
  topics: 'topic',
  brokers: 'broker',
  'broker-loggers': 'brokerLogger',
  groups: 'group',
  'client-metrics': 'clientMetrics',
};

function resourceOf({ type, name }: Entity): ConfigResource {
  return { type: RESOURCE_TYPES[type]!, name: name ?? '' };
}

/** Which settings count as the entity's own; undefined when all do. */
function ownSource({ type, name }: Entity): ConfigSource | undefined {
  switch (type) {
    case 'topics':
      return 'DYNAMIC_TOPIC_CONFIG';
    case 'brokers':
      return name === '' ? 'DYNAMIC_DEFAULT_BROKER_CONFIG' : 'DYNAMIC_BROKER_CONFIG';
    case 'groups':
      return 'DYNAMIC_GROUP_CONFIG';
    case 'client-metrics':
      return 'DYNAMIC_CLIENT_METRICS_CONFIG';
    case 'broker-loggers':
    case 'users':
    case 'clients':
    case 'ips':
      return undefined;
  }
}

async function describe(admin: Admin, entities: readonly Entity[], isAll: boolean, out: Writable): Promise<void> {
  if (entities.every(hasQuotas)) return describeUsers(admin, entities, out);
  const [entity] = entities;
  for (const each of await expand(admin, entity!)) await describeOne(admin, each, isAll, out);
}

/** The entities of a type when none is named. */
async function expand(admin: Admin, entity: Entity): Promise<Entity[]> {
  const { type, name } = entity;
  if (name !== null) return [entity];
  const named = (names: readonly string[]): Entity[] => names.map((each) => ({ type, name: each }));
  const brokerIds = async (): Promise<string[]> => (await admin.describeCluster()).brokers.map(({ id }) => String(id));
  switch (type) {
    case 'topics':
      return named((await admin.listTopics()).map((topic) => topic.name));
    case 'brokers':
      return named([...(await brokerIds()), '']);
    case 'broker-loggers':
      return named(await brokerIds());
    case 'groups': {
      const { groups } = await admin.listGroups();
      const configured = await admin.listConfigResources('group');
      return named([...new Set([...groups.map(({ groupId }) => groupId), ...configured])].sort());
    }
    case 'client-metrics':
      return named(await admin.listConfigResources('clientMetrics'));
    case 'users':
    case 'clients':
    case 'ips':
      return [entity];
  }
}

async function describeOne(admin: Admin, entity: Entity, isAll: boolean, out: Writable): Promise<void> {
  const { type, name } = entity;
  if (name !== '' && (type === 'brokers' || type === 'broker-loggers')) {
    const { brokers } = await admin.describeCluster();
    if (!brokers.some(({ id }) => String(id) === name)) {
      print(out, `The broker '${name}' doesn't exist and doesn't have dynamic config.`);
      return;
    }
  }
  const [result] = await admin.describeConfigs([resourceOf(entity)], { synonyms: true });
  if (result?.error) throw result.error;
  const source = isAll ? undefined : ownSource(entity);
  const entries = (result?.entries ?? []).filter((entry) => source === undefined || entry.source === source);
  const which = isAll ? 'All' : 'Dynamic';
  const title =
    name === '' ? `Default configs for ${type} in the cluster` : `${which} configs for ${singular(type)} ${name}`;
  print(out, `${title} are:`);
  for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) print(out, entryLine(entry));
}

function singular(type: EntityType): string {
  return type.replace(/s$/, '');
}

function entryLine({ name, value, sensitive, synonyms }: ConfigEntry): string {
  const list = synonyms.map((synonym) => `${synonym.source}:${synonym.name}=${synonym.value}`).join(', ');
  return `  ${name}=${value} sensitive=${sensitive} synonyms={${list}}`;
}

async function alter(
  admin: Admin,
  entities: readonly Entity[],
  edits: ReturnType<typeof editsOf>,
  out: Writable,
): Promise<void> {
  const [entity] = entities;
  if (entities.every(hasQuotas)) {
    await alterUsers(admin, entities, edits);
  } else {
    if (entity!.name === null) throw new Error('An entity name must be specified with --alter');
    const changes = [
      ...[...edits.set].map(([name, value]) => ({ name, value })),
      ...edits.remove.map((name) => ({ name, value: null })),
    ];
    const [result] = await admin.incrementalAlterConfigs([{ resource: resourceOf(entity!), changes }]);
    if (result?.error) throw result.error;
  }
  const { type, name } = entity!;
  const what = name === '' ? `default config for ${type} in the cluster` : `config for ${singular(type)} ${name}`;
  print(out, `Completed updating ${what}.`);
}
