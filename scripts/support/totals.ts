/** What a stage of `npm test` counted. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What was skipped, and why. */
  readonly notes?: readonly string[];
}

export const nothing: Totals = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    notes: [...(a.notes ?? []), ...(b.notes ?? [])],
  };
}

/** Something could not be run for want of a tool: skipped here, a failure where CI=true promises that nothing lacks. */
export function lack(reason: string): Totals {
  return process.env['CI'] === 'true'
    ? { ...nothing, failed: 1, notes: [`FAILED, CI=true: ${reason}`] }
    : { ...nothing, skipped: 1, notes: [`skipped: ${reason}`] };
}

/** `12 passed, 0 failed, 1 skipped`, the form that ends a test run. */
export function describeTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
