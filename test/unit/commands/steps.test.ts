import { expect, test } from 'vitest';
import { runSteps } from '../../../extension/commands/steps.ts';
import type { Step, StepOutcome } from '../../../extension/commands/steps.ts';

/** Steps that answer in turn; `visits` tells which were asked, as `position/total`. */
function script(total: number, outcomes: readonly StepOutcome[]): { steps: Step[]; visits: string[] } {
  const visits: string[] = [];
  const rest = [...outcomes];
  const step: Step = (position, of) => {
    visits.push(`${position}/${of}`);
    return Promise.resolve(rest.shift() ?? 'cancelled');
  };
  return { steps: Array.from({ length: total }, () => step), visits };
}

test('goes through all steps', async () => {
  const { steps, visits } = script(2, ['next', 'next']);
  expect(await runSteps(steps)).toBe(true);
  expect(visits).toEqual(['1/2', '2/2']);
});

test('goes back and on again', async () => {
  const { steps, visits } = script(2, ['next', 'back', 'next', 'next']);
  expect(await runSteps(steps)).toBe(true);
  expect(visits).toEqual(['1/2', '2/2', '1/2', '2/2']);
});

test('ends where the person leaves', async () => {
  const { steps, visits } = script(3, ['next', 'cancelled']);
  expect(await runSteps(steps)).toBe(false);
  expect(visits).toEqual(['1/3', '2/3']);
});
