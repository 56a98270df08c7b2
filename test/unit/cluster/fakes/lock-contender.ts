// A process that contends for a directory's lock: `acquire` on standard input tries to, `release` gives it back. Says
// `owned`, `held` or `released`.
import { createInterface } from 'node:readline';
import { DirectoryLock } from '../../../../extension/cluster/directory-lock.ts';

const directory = process.argv[2] ?? '';
let lock: DirectoryLock | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'acquire') {
    lock = await DirectoryLock.acquire(directory, true, (socket) => socket.end('hello\n'));
    console.log(lock === undefined ? 'held' : 'owned');
  } else {
    await lock?.release();
    console.log('released');
  }
}
process.exit();
