/** What a person did at one step. */
export type StepOutcome = 'next' | 'back' | 'cancelled';

/** Asks for one thing. `position` counts from 1. */
export type Step = (position: number, total: number) => Promise<StepOutcome>;

/** Walks through steps, back and forth. Returns whether the last one was passed. */
export async function runSteps(steps: readonly Step[]): Promise<boolean> {
  for (let index = 0; index < steps.length;) {
    const outcome = await (steps[index] as Step)(index + 1, steps.length);
    if (outcome === 'cancelled') return false;
    index += outcome === 'next' ? 1 : -1;
    if (index < 0) return false;
  }
  return true;
}
