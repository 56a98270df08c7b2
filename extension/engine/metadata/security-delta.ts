import type { AccessControlEntryRecord } from '../../protocol/generated/access-control-entry-record.ts';
import type { ClientQuotaRecord } from '../../protocol/generated/client-quota-record.ts';
import type { DelegationTokenRecord } from '../../protocol/generated/delegation-token-record.ts';
import type { UserScramCredentialRecord } from '../../protocol/generated/user-scram-credential-record.ts';
import type {
  AclImage,
  ClientQuotaImage,
  DelegationTokenImage,
  MetadataImage,
  ScramCredential,
} from './metadata-image.ts';
import { SortedMap } from './sorted-map.ts';

/** What happens to who may do what, and how much of it. The maps hold what is new, undefined for what is gone. */
export class SecurityDelta {
  readonly changedAcls = new Map<string, AclImage | undefined>();
  readonly changedScram = new Map<string, ScramCredential | undefined>();
  readonly changedTokens = new Map<string, DelegationTokenImage | undefined>();
  readonly changedQuotas = new Map<string, ClientQuotaImage | undefined>();
  readonly #before: MetadataImage;

  constructor(before: MetadataImage) {
    this.#before = before;
  }

  addAcl(record: AccessControlEntryRecord): void {
    this.changedAcls.set(record.id, record);
  }

  removeAcl(id: string): void {
    this.changedAcls.set(id, undefined);
  }

  setScram(record: UserScramCredentialRecord): void {
    const { name: user, mechanism, salt, storedKey, serverKey, iterations } = record;
    this.changedScram.set(scramKey(user, mechanism), { user, mechanism, salt, storedKey, serverKey, iterations });
  }

  removeScram(user: string, mechanism: number): void {
    this.changedScram.set(scramKey(user, mechanism), undefined);
  }

  setToken(record: DelegationTokenRecord): void {
    this.changedTokens.set(record.tokenId, record);
  }

  removeToken(id: string): void {
    this.changedTokens.set(id, undefined);
  }

  setQuota(record: ClientQuotaRecord): void {
    const key = quotaKey(record.entity);
    const before = this.changedQuotas.has(key) ? this.changedQuotas.get(key) : this.#before.clientQuotas.get(key);
    const quotas = before?.quotas ?? SortedMap.empty<number>();
    const after = record.remove ? quotas.without(record.key) : quotas.with(record.key, record.value);
    this.changedQuotas.set(key, after.size === 0 ? undefined : { entity: record.entity, quotas: after });
  }

  apply(): Pick<MetadataImage, 'acls' | 'scram' | 'clientQuotas' | 'delegationTokens'> {
    const before = this.#before;
    return {
      acls: merged(before.acls, this.changedAcls),
      scram: merged(before.scram, this.changedScram),
      clientQuotas: merged(before.clientQuotas, this.changedQuotas),
      delegationTokens: merged(before.delegationTokens, this.changedTokens),
    };
  }
}

export function scramKey(user: string, mechanism: number): string {
  return `${mechanism}/${user}`;
}

/** One text for one entity, whatever the order of its parts. */
export function quotaKey(
  entity: readonly { readonly entityType: string; readonly entityName: string | null }[],
): string {
  const parts = entity.map(({ entityType, entityName }) => [entityType, entityName] as const);
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function merged<T>(before: SortedMap<T>, changes: ReadonlyMap<string, T | undefined>): SortedMap<T> {
  let after = before;
  for (const [key, value] of changes) after = value === undefined ? after.without(key) : after.with(key, value);
  return after;
}
