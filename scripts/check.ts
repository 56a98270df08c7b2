// npm run check: types, lint, formatting and import rules.

import { runChecks } from './support/checks.ts';
import { describeTotals } from './support/totals.ts';

const totals = await runChecks();
console.log(describeTotals(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
