/**
 * States of a classic group, named as Kafka prints them.
 *
 * - Empty: no members; offsets may be left. → PreparingRebalance, Dead
 * - PreparingRebalance: members rejoin, until all have or the time is up. → CompletingRebalance, Empty, Dead
 * - CompletingRebalance: a generation exists, its leader computes the assignment. → Stable, PreparingRebalance, Dead
 * - Stable: everybody has an assignment. → PreparingRebalance, Dead
 * - Dead: removed, or led by another broker now.
 */
export const ClassicGroupState = {
  empty: 'Empty',
  preparingRebalance: 'PreparingRebalance',
  completingRebalance: 'CompletingRebalance',
  stable: 'Stable',
  dead: 'Dead',
} as const;

export type ClassicGroupState = (typeof ClassicGroupState)[keyof typeof ClassicGroupState];

const { empty, preparingRebalance, completingRebalance, stable, dead } = ClassicGroupState;

const validPrevious: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  [empty]: [preparingRebalance],
  [preparingRebalance]: [stable, completingRebalance, empty],
  [completingRebalance]: [preparingRebalance],
  [stable]: [completingRebalance],
  [dead]: [stable, preparingRebalance, completingRebalance, empty, dead],
};

export function isValidTransition(from: ClassicGroupState, to: ClassicGroupState): boolean {
  return validPrevious[to].includes(from);
}
