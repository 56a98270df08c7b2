// Built by build-fakes.ts. `samsa start` on brokers that are fakes: a process of its own for tests of exit codes, signals and channels.
import { start } from '../../../../extension/cli/start.ts';
import { fakeSpawner } from './fake-spawner.ts';

const [, ...args] = process.argv.slice(2);
process.exitCode = await start(args, fakeSpawner(new URL('./fake-worker.mjs', import.meta.url)));
