import { randomBytes, randomInt } from 'node:crypto';

/** Randomness as the engine sees it, so that a simulation replays from one seed. */
export interface Random {
  /** An integer in [0, bound). */
  int(bound: number): number;
  /** `length` random bytes. */
  bytes(length: number): Buffer;
}

/** Cryptographically strong randomness. */
export const systemRandom: Random = {
  int: (bound) => randomInt(bound),
  bytes: (length) => randomBytes(length),
};

/** The zero uuid as Kafka prints it: "no topic id", "no directory". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Directory ids below 100 are reserved (KIP-858): unassigned, lost, migrating. */
export const UNASSIGNED_DIRECTORY = ZERO_UUID;
export const LOST_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const MIGRATING_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAg';

/**
 * A random version 4 uuid in Kafka's text form: 16 bytes in URL-safe base64 without padding, 22 characters, never
 * starting with a dash, which command lines would take for an option.
 */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const text = bytes.toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}
