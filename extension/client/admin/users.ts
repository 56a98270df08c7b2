import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { ErrorCode } from '../../protocol/errors.ts';
import { alterClientQuotasRequest } from '../../protocol/generated/alter-client-quotas-request.ts';
import { alterClientQuotasResponse } from '../../protocol/generated/alter-client-quotas-response.ts';
import { alterUserScramCredentialsRequest } from '../../protocol/generated/alter-user-scram-credentials-request.ts';
import { alterUserScramCredentialsResponse } from '../../protocol/generated/alter-user-scram-credentials-response.ts';
import { describeClientQuotasRequest } from '../../protocol/generated/describe-client-quotas-request.ts';
import { describeClientQuotasResponse } from '../../protocol/generated/describe-client-quotas-response.ts';
import { describeUserScramCredentialsRequest } from '../../protocol/generated/describe-user-scram-credentials-request.ts';
import { describeUserScramCredentialsResponse } from '../../protocol/generated/describe-user-scram-credentials-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { throwOnError } from '../kafka-error.ts';

const derive = promisify(pbkdf2);

export type QuotaEntityType = 'user' | 'client-id' | 'ip';

/** Whom quotas are for: one or two types, each with a name or (null) the default of its type. */
export type QuotaEntity = Readonly<Partial<Record<QuotaEntityType, string | null>>>;

/** Which entities: of this name, (null) the default, or (undefined) any that has the type. */
export type QuotaFilter = Readonly<Partial<Record<QuotaEntityType, string | null | undefined>>>;

export interface ClientQuotas {
  readonly entity: QuotaEntity;
  /** `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, … */
  readonly values: Readonly<Record<string, number>>;
}

const EXACT = 0;
const DEFAULT = 1;
const ANY = 2;

/** Quotas of the entities that have exactly the types of the filter. */
export async function describeClientQuotas(client: ClusterClient, filter: QuotaFilter): Promise<ClientQuotas[]> {
  const response = await client.toAny(describeClientQuotasRequest, describeClientQuotasResponse, {
    strict: true,
    components: Object.entries(filter).map(([entityType, name]) => ({
      entityType,
      matchType: name === undefined ? ANY : name === null ? DEFAULT : EXACT,
      match: name ?? null,
    })),
  });
  throwOnError(response.errorCode, 'client quotas', response.errorMessage);
  return (response.entries ?? []).map(({ entity, values }) => ({
    entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
    values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
  }));
}

/** Sets (or with null removes) quotas of one entity. */
export async function alterClientQuotas(
  client: ClusterClient,
  entity: QuotaEntity,
  values: Readonly<Record<string, number | null>>,
): Promise<void> {
  const response = await client.toController(
    alterClientQuotasRequest,
    alterClientQuotasResponse,
    {
      validateOnly: false,
      entries: [
        {
          entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
          ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
        },
      ],
    },
    ({ entries }) => entries.map(({ errorCode }) => errorCode),
  );
  for (const { errorCode, errorMessage } of response.entries) throwOnError(errorCode, 'client quotas', errorMessage);
}

const MECHANISMS = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const;
export type ScramMechanism = keyof typeof MECHANISMS;
const SALT_BYTES = 20;

export function isScramMechanism(name: string): name is ScramMechanism {
  return name in MECHANISMS;
}

export interface ScramCredential {
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
}

/** SCRAM credentials by user; of all users when none are named. Users without any are left out. */
export async function describeUserScramCredentials(
  client: ClusterClient,
  users: readonly string[] | null,
): Promise<Map<string, ScramCredential[]>> {
  const response = await client.toAny(describeUserScramCredentialsRequest, describeUserScramCredentialsResponse, {
    users: users?.map((name) => ({ name })) ?? null,
  });
  throwOnError(response.errorCode, 'SCRAM credentials', response.errorMessage);
  const found = new Map<string, ScramCredential[]>();
  for (const { user, errorCode, errorMessage, credentialInfos } of response.results) {
    if (errorCode === ErrorCode.RESOURCE_NOT_FOUND) continue;
    throwOnError(errorCode, `SCRAM credentials of '${user}'`, errorMessage);
    const credentials = credentialInfos.map(({ mechanism, iterations }) => ({
      mechanism: mechanism === MECHANISMS['SCRAM-SHA-512'] ? ('SCRAM-SHA-512' as const) : ('SCRAM-SHA-256' as const),
      iterations,
    }));
    found.set(user, credentials);
  }
  return found;
}

export interface ScramUpsertion extends ScramCredential {
  readonly password: string;
}

/** Sets and removes SCRAM credentials of one user. The password itself never leaves this process. */
export async function alterUserScramCredentials(
  client: ClusterClient,
  user: string,
  upsertions: readonly ScramUpsertion[],
  deletions: readonly ScramMechanism[],
): Promise<void> {
  const salted = await Promise.all(
    upsertions.map(async ({ mechanism, iterations, password }) => {
      const salt = randomBytes(SALT_BYTES);
      const [bytes, hash] = mechanism === 'SCRAM-SHA-256' ? ([32, 'sha256'] as const) : ([64, 'sha512'] as const);
      const saltedPassword = await derive(password.normalize('NFKC'), salt, iterations, bytes, hash);
      return { name: user, mechanism: MECHANISMS[mechanism], iterations, salt, saltedPassword };
    }),
  );
  const response = await client.toController(
    alterUserScramCredentialsRequest,
    alterUserScramCredentialsResponse,
    { upsertions: salted, deletions: deletions.map((mechanism) => ({ name: user, mechanism: MECHANISMS[mechanism] })) },
    ({ results }) => results.map(({ errorCode }) => errorCode),
  );
  for (const { errorCode, errorMessage } of response.results) {
    throwOnError(errorCode, `SCRAM credentials of '${user}'`, errorMessage);
  }
}
