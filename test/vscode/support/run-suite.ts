// The module that either host (a desktop VS Code or code-server) loads in its extension host: runs every suite with
// Mocha. What it prints goes to the file that SAMSA_TEST_REPORT names, as an extension host has no standard output of
// its own; the last line is the totals as JSON.

import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

const timeoutMs = 60_000;

class FileReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner) {
    super(runner);
    const { EVENT_SUITE_BEGIN, EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } =
      Mocha.Runner.constants;
    const totals = { passed: 0, failed: 0, skipped: 0 };
    runner.on(EVENT_SUITE_BEGIN, (suite) => {
      if (suite.title !== '') print(`  ${suite.fullTitle()}`);
    });
    runner.on(EVENT_TEST_PASS, (test) => {
      totals.passed += 1;
      print(`    ✓ ${test.title} (${test.duration ?? 0} ms)`);
    });
    runner.on(EVENT_TEST_PENDING, (test) => {
      totals.skipped += 1;
      print(`    - ${test.title}`);
    });
    runner.on(EVENT_TEST_FAIL, (test, error: Error) => {
      totals.failed += 1;
      print(`    ✗ ${test.title}\n${(error.stack ?? error.message).replace(/^/gm, '        ')}`);
    });
    runner.on(EVENT_RUN_END, () => print(JSON.stringify(totals)));
  }
}

function print(line: string): void {
  const file = process.env['SAMSA_TEST_REPORT'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

/** What both hosts call. Rejects when a test failed, which becomes the host's exit code. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: timeoutMs, reporter: FileReporter });
  const folder = join(__dirname, 'suite');
  const grep = process.env['SAMSA_TEST_GREP'];
  if (grep !== undefined) mocha.grep(new RegExp(grep));
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.test.cjs')) mocha.addFile(join(folder, name));
  }
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
}
