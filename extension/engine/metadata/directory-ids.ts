import { LOST_DIRECTORY } from '../common/random.ts';

/** Ids below this are no directories: they mean that one is yet to be chosen, was lost, or is not known (KIP-858). */
const FIRST_FREE_ID = 100;

export function isReservedDirectory(id: string): boolean {
  if (!id.startsWith('A'.repeat(20))) return false;
  return Buffer.from(id, 'base64url')[15]! < FIRST_FREE_ID;
}

/**
 * Whether a replica in directory `id` may be alive on a broker that has these directories. One that is not chosen yet may;
 * a broker that names no directories comes from before there were ids, and none of its replicas can be told to be lost.
 */
export function isOnlineDirectory(online: readonly string[], id: string | undefined): boolean {
  if (id === LOST_DIRECTORY) return false;
  if (id === undefined || isReservedDirectory(id)) return true;
  return online.length === 0 || online.includes(id);
}
