import type { Sample } from './report.ts';

export interface Rounds {
  readonly rounds: number;
  /** No round begins that would likely end after so many minutes; the first one always does. */
  readonly minutes: number;
}

/**
 * Measures each system alone, in turn, several times, each time on an empty directory: neighbours' noise and the machine's
 * warmth then fall on all of them alike.
 */
export async function measureInTurn<S extends { readonly name: string }>(
  systems: readonly S[],
  options: Rounds,
  measure: (system: S) => Promise<Record<string, number>>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedAt = performance.now();
  for (let round = 0; round < options.rounds; round += 1) {
    const spentMinutes = (performance.now() - startedAt) / 60_000;
    if (round > 0 && spentMinutes + spentMinutes / round > options.minutes) break;
    const rotated = [...systems.slice(round % systems.length), ...systems.slice(0, round % systems.length)];
    for (const system of rotated) {
      console.error(`round ${round + 1} of ${options.rounds}: ${system.name}`);
      samples.push({ system: system.name, values: await measure(system) });
    }
  }
  return samples;
}
