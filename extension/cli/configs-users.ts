import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import {
  isScramMechanism,
  type QuotaEntity,
  type QuotaEntityType,
  type QuotaFilter,
  type ScramMechanism,
  type ScramUpsertion,
} from '../client/admin/users.ts';
import type { ConfigEdits, Entity, EntityType } from './configs-options.ts';
import { print } from './tool-io.ts';

const QUOTA_TYPES: Readonly<Partial<Record<EntityType, QuotaEntityType>>> = {
  users: 'user',
  clients: 'client-id',
  ips: 'ip',
};

const DEFAULT_SCRAM_ITERATIONS = 4096;

/** Whether an entity has quotas (and SCRAM credentials) where others have settings. */
export function hasQuotas({ type }: Entity): boolean {
  return QUOTA_TYPES[type] !== undefined;
}

/** Prints the quotas of the entities, and SCRAM credentials of users. */
export async function describeUsers(admin: Admin, entities: readonly Entity[], out: Writable): Promise<void> {
  const filter: QuotaFilter = Object.fromEntries(
    entities.map(({ type, name }) => [QUOTA_TYPES[type]!, name === null ? undefined : name === '' ? null : name]),
  );
  for (const { entity, values } of await admin.describeClientQuotas(filter)) {
    const list = Object.entries(values)
      .map(([key, value]) => `${key}=${Number.isInteger(value) ? value.toFixed(1) : value}`)
      .sort();
    print(out, `Quota configs for ${entityText(entity)} are ${list.join(', ')}`);
  }
  const [only] = entities;
  if (entities.length !== 1 || only?.type !== 'users' || only.name === '') return;
  const credentials = await admin.describeUserScramCredentials(only.name === null ? null : [only.name]);
  for (const [user, list] of credentials) {
    const text = list.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`).join(', ');
    print(out, `SCRAM credential configs for user-principal '${user}' are ${text}`);
  }
}

const LABELS: Readonly<Record<QuotaEntityType, string>> = {
  user: 'user-principal',
  'client-id': 'client-id',
  ip: 'ip',
};

function entityText(entity: QuotaEntity): string {
  return (Object.keys(LABELS) as QuotaEntityType[])
    .filter((type) => entity[type] !== undefined)
    .map((type) => (entity[type] === null ? `the default ${LABELS[type]}` : `${LABELS[type]} '${entity[type]}'`))
    .join(', ');
}

/** Sets and removes quotas, and SCRAM credentials of one user. */
export async function alterUsers(admin: Admin, entities: readonly Entity[], edits: ConfigEdits): Promise<void> {
  const names = [...edits.set.keys(), ...edits.remove];
  if (names.some(isScramMechanism)) return alterScram(admin, entities, edits);
  const entity: QuotaEntity = Object.fromEntries(
    entities.map(({ type, name }) => {
      if (name === null) throw new Error(`Name one of the ${type} (--entity-name) or their default (--entity-default)`);
      return [QUOTA_TYPES[type]!, name === '' ? null : name];
    }),
  );
  const values: Record<string, number | null> = {};
  for (const [key, text] of edits.set) {
    const value = Number(text);
    if (text === '' || !Number.isFinite(value))
      throw new Error(`Cannot parse quota configuration value for ${key}: ${text}`);
    values[key] = value;
  }
  for (const key of edits.remove) values[key] = null;
  await admin.alterClientQuotas(entity, values);
}

async function alterScram(admin: Admin, entities: readonly Entity[], edits: ConfigEdits): Promise<void> {
  const [entity] = entities;
  if (entities.length !== 1 || entity?.type !== 'users' || entity.name === null || entity.name === '') {
    throw new Error('SCRAM credentials belong to one user: name it with --user');
  }
  const upsertions = [...edits.set].map(([name, text]) => upsertion(name, text));
  const deletions = edits.remove.map((name): ScramMechanism => {
    if (!isScramMechanism(name))
      throw new Error(`Quotas and SCRAM credentials (${name}) are changed one after the other`);
    return name;
  });
  await admin.alterUserScramCredentials(entity.name, upsertions, deletions);
}

/** `SCRAM-SHA-256` and `iterations=8192,password=…`. */
function upsertion(mechanism: string, text: string): ScramUpsertion {
  if (!isScramMechanism(mechanism))
    throw new Error(`Quotas (${mechanism}) and SCRAM credentials are changed one after the other`);
  const match = /^(?:iterations=(-?\d+),)?password=(.*)$/s.exec(text);
  if (match === null || match[2] === '') throw new Error(`Write ${mechanism} as [iterations=8192,password=secret]`);
  const iterations = match[1] === undefined || match[1] === '-1' ? DEFAULT_SCRAM_ITERATIONS : Number(match[1]);
  return { mechanism, iterations, password: match[2]! };
}
