import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RecoveryThreads } from '../../../extension/cluster/recovery-threads.ts';
import { silentLogger } from '../../../extension/engine/common/logger.ts';
import { parseLogConfig } from '../../../extension/engine/log/log-config.ts';
import type { LogToRecover, RecoverySettings } from '../../../extension/engine/log/log-recovery.ts';
import { RecordBatchBuilder } from '../../../extension/records/record-batch-builder.ts';
import { deferred } from '../../support/deferred.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';

let folder: TemporaryDirectory;
let warnings: string[];
let settings: RecoverySettings;

beforeEach(async () => {
  folder = await temporaryDirectory('recovery-threads');
  warnings = [];
  const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
  settings = { threads: 2, producerExpirationMs: 1000, logger };
});

afterEach(() => folder[Symbol.asyncDispose]());

const logName = '00000000000000000000.log';

/** A log of one whole batch, and `torn` bytes behind it. */
function makeLog(partition: number, torn: number): LogToRecover {
  const directory = join(folder.path, `t-${partition}`);
  mkdirSync(directory);
  const batch = new RecordBatchBuilder().append({ value: Buffer.from('kept'), timestamp: 1 }).build();
  writeFileSync(join(directory, logName), Buffer.concat([batch, Buffer.alloc(torn, 1)]));
  return { topic: 't', partition, directory, config: parseLogConfig({}) };
}

function sizeOf({ directory }: LogToRecover): number {
  return readFileSync(join(directory, logName)).length;
}

/** Resolves when every log was reported: by index, whether it was recovered. */
function run(threads: RecoveryThreads, logs: readonly LogToRecover[]): Promise<boolean[]> {
  const reports: boolean[] = [];
  let open = logs.length;
  return new Promise((resolve) => {
    threads.start(logs, settings, (index, isRecovered) => {
      reports[index] = isRecovered;
      if (--open === 0) resolve(reports);
    });
  });
}

test('threads recover the logs that they are given, and what one cannot open is told', async () => {
  const logs = [
    makeLog(0, 0),
    makeLog(1, 100),
    { ...makeLog(2, 0), directory: join(folder.path, 'gone') },
    makeLog(3, 7),
  ];
  expect(await run(new RecoveryThreads(), logs)).toEqual([true, true, false, true]);
  expect(sizeOf(logs[1]!)).toBe(sizeOf(logs[0]!));
  expect(sizeOf(logs[3]!)).toBe(sizeOf(logs[0]!));
  expect(warnings.filter((line) => line.startsWith('Cut ')).sort()).toEqual([
    expect.stringContaining('Cut 100 bytes'),
    expect.stringContaining('Cut 7 bytes'),
  ]);
});

test('one thread does it where none is configured', async () => {
  settings = { ...settings, threads: 0 };
  expect(await run(new RecoveryThreads(), [makeLog(0, 3)])).toEqual([true]);
});

test('what a thread leaves behind when it dies is reported as not recovered', async () => {
  const dying = join(folder.path, 'dying.mjs');
  writeFileSync(dying, `throw new Error('out of luck');`);
  expect(await run(new RecoveryThreads(pathToFileURL(dying)), [makeLog(0, 0), makeLog(1, 0)])).toEqual([false, false]);
  expect(warnings[0]).toContain('out of luck');
});

test('nothing is reported after a stop', async () => {
  const reports: number[] = [];
  const logs = [makeLog(0, 5), makeLog(1, 5)];
  const waits = join(folder.path, 'waits.mjs');
  // Tells of one log after the other, and ends when it is told to stop.
  writeFileSync(
    waits,
    `import { parentPort, workerData } from 'node:worker_threads';
    const words = new Int32Array(workerData.shared);
    parentPort.postMessage({ kind: 'recovered', index: 0 });
    while (Atomics.load(words, 1) === 0) Atomics.wait(words, 1, 0, 10);
    parentPort.postMessage({ kind: 'recovered', index: 1 });`,
  );
  const threads = new RecoveryThreads(pathToFileURL(waits), 1);
  const first = deferred<void>();
  const recovery = threads.start(logs, settings, (index) => {
    reports.push(index);
    first.resolve();
  });
  await first.promise;
  recovery.stop();
  // A second run of the same threads ends after the first one's did.
  expect(await run(new RecoveryThreads(), logs)).toEqual([true, true]);
  expect(reports).toEqual([0]);
});
