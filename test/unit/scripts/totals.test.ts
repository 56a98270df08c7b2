import { afterEach, expect, test, vi } from 'vitest';
import { add, describeTotals, lack } from '../../../scripts/support/totals.ts';

afterEach(() => vi.unstubAllEnvs());

test('what lacks is a skip, and a failure where CI=true promises that nothing lacks', () => {
  vi.stubEnv('CI', '');
  expect(lack('kcat is missing')).toEqual({ passed: 0, failed: 0, skipped: 1, notes: ['skipped: kcat is missing'] });
  vi.stubEnv('CI', 'true');
  expect(lack('kcat is missing')).toMatchObject({ failed: 1, skipped: 0 });
});

test('totals add up, notes included', () => {
  const sum = add(
    { passed: 1, failed: 2, skipped: 3, notes: ['a'] },
    { passed: 10, failed: 0, skipped: 1, notes: ['b'] },
  );
  expect(describeTotals(sum)).toBe('11 passed, 2 failed, 4 skipped');
  expect(sum.notes).toEqual(['a', 'b']);
});
