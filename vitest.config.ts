import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** None takes nearly so long: it only ends one that hangs, and a busy machine must not end others. */
const unitTimeoutMs = 60_000;

/** Real clients and JVM tools take seconds to start; a slow machine must not turn that into a failure. */
const clientTimeoutMs = 120_000;

/** A workbench takes some ten seconds to open. */
const browserTimeoutMs = 120_000;

/**
 * Without isolation a worker loads the sources once, not once per file: half the time. No test may replace modules or leave
 * something behind in globals; what the sources need from outside is passed to them.
 */
export default defineConfig({
  test: {
    // Vitest leaves one processor to itself, which is half of two, and has little to do.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
          testTimeout: unitTimeoutMs,
          hookTimeout: unitTimeoutMs,
        },
      },
      { test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          testTimeout: clientTimeoutMs,
          hookTimeout: clientTimeoutMs,
          fileParallelism: false,
          globalSetup: ['test/support/prepare-tools.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.ts'],
          testTimeout: browserTimeoutMs,
          hookTimeout: browserTimeoutMs,
          fileParallelism: false,
        },
      },
    ],
  },
});
