// npm run format: lets Prettier and ESLint rewrite what they can.

import { runBin } from './support/run.ts';

const results = [
  await runBin('eslint/bin/eslint.js', ['.', '--fix'], { output: 'inherit' }),
  await runBin('prettier/bin/prettier.cjs', ['.', '--write', '--log-level', 'warn'], { output: 'inherit' }),
];
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
