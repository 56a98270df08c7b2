import type { VoterState } from './cluster-protocol.ts';

/** Whether the voters that are alive can decide: more than half of all. */
export function hasMajority(voters: readonly VoterState[]): boolean {
  return aliveCount(voters) * 2 > voters.length;
}

/** `no majority: 1 of 3 voters`; undefined while there is one. */
export function lostMajority(voters: readonly VoterState[]): string | undefined {
  if (hasMajority(voters)) return undefined;
  const noun = voters.length === 1 ? 'voter' : 'voters';
  return `no majority: ${aliveCount(voters)} of ${voters.length} ${noun}`;
}

/** What clients notice of a quorum without majority. */
export const withoutMajority =
  'Produce and fetch go on where leaders live; no topic, leader or config can change until more voters are back.';

function aliveCount(voters: readonly VoterState[]): number {
  return voters.filter(({ alive }) => alive).length;
}
