import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { importViolations, objection } from '../../../scripts/support/import-rules.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'samsa-imports-'));
  folders.push(folder);
  for (const [path, text] of Object.entries({ 'webview/shared/none.ts': 'export {};', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

test('the sources follow the import table', async () => {
  expect(await importViolations()).toEqual([]);
}, 60_000);

test('an upward import, a cycle, a barrel and a missing file are all found', async () => {
  const folder = project({
    'extension/shared/a.ts': `import { b } from './b.ts';\nimport type { C } from '../client/c.ts';\nexport const a: C = b;`,
    'extension/shared/b.ts': `import { a } from './a.ts';\nexport const b = a;`,
    'extension/client/c.ts': `import './gone.ts';\nexport type C = number;`,
    'extension/client/index.ts': `export const x = 1;`,
  });
  expect(await importViolations(folder)).toEqual([
    'cycle: extension/shared/a.ts → extension/shared/b.ts → extension/shared/a.ts',
    'extension/client/c.ts → ./gone.ts: no such file',
    'extension/client/index.ts: no barrel files',
    "extension/shared/a.ts → extension/client/c.ts: not allowed in layer 'shared'",
  ]);
});

test.each([
  ['extension/engine/raft/core.ts', 'node:timers'],
  ['extension/engine/raft/core.ts', 'extension/engine/log/unified-log.ts'],
  ['extension/engine/log/unified-log.ts', 'node:fs'],
  ['extension/client/client.ts', 'extension/engine/common/time.ts'],
  ['extension/cli/main.ts', 'vscode'],
  ['extension/cluster/supervisor.ts', 'vscode'],
  ['extension/views/offsets-view.ts', 'extension/protocol/error-codes.ts'],
  ['webview/offsets/app.ts', '@vscode/webview-ui-toolkit'],
  ['extension/unknown/x.ts', 'node:fs'],
])('%s may not import %s', (from, to) => {
  expect(objection(from, to)).toBeTypeOf('string');
});

test.each([
  ['extension/cli/dump-log.ts', 'extension/engine/log/unified-log.ts'],
  ['extension/engine/broker/broker-server.ts', 'extension/net/connection.ts'],
  ['extension/views/segment-editor.ts', 'extension/records/record-batch.ts'],
  ['webview/shared/toolkit.ts', '@vscode/webview-ui-toolkit'],
])('%s may import %s', (from, to) => {
  expect(objection(from, to)).toBeUndefined();
});
