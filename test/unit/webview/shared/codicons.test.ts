import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { codicons } from '../../../../webview/shared/codicons.ts';

test('every icon has the code point that the font gives it', () => {
  const table = readFileSync('node_modules/@vscode/codicons/dist/codicon.csv', 'utf8');
  const known = new Map(
    table
      .split('\n')
      .map((line) => line.trim().split(','))
      .map(([name = '', , code = '']) => [name, parseInt(code, 16)]),
  );
  for (const [name, code] of Object.entries(codicons)) expect([name, known.get(name)]).toEqual([name, code]);
});
