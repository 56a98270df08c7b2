import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../../scripts/support/at-exit.ts';

const left = new Set<string>();

atExit(() => {
  for (const path of left) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
});

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

/** A fresh directory below the system's temporary one; removed by `remove`, by `await using`, or when the process ends. */
export async function temporaryDirectory(name = 'test'): Promise<TemporaryDirectory> {
  return owned(await mkdtemp(prefix(name)));
}

/** As `temporaryDirectory`, at once. */
export function temporaryDirectorySync(name = 'test'): TemporaryDirectory {
  return owned(mkdtempSync(prefix(name)));
}

function prefix(name: string): string {
  return join(tmpdir(), `samsa-${name}-`);
}

function owned(path: string): TemporaryDirectory {
  left.add(path);
  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    left.delete(path);
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}
