import { defineConfig } from 'vitest/config';

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
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false } },
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
