import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARKER = '.kafka_cleanshutdown';

function files(partition: string, suffix: string): string[] {
  const names = readdirSync(partition).filter((name) => name.endsWith(suffix));
  return names.sort().map((name) => join(partition, name));
}

function change(path: string, edit: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, edit(readFileSync(path)));
}

function remove(paths: readonly string[]): void {
  for (const path of paths) rmSync(path);
}

const flipByteAt = (at: number) => (bytes: Buffer) => {
  bytes[at] = bytes[at]! ^ 0xff;
  return bytes;
};

const garbage = Buffer.alloc(203, 'not an entry ');

/** Damage of a directory whose broker was killed; every log is read from its start on, as no checkpoint says otherwise. */
export function damageKilled(directory: string): void {
  const partition = (name: string): string => join(directory, name);
  rmSync(join(directory, MARKER), { force: true });
  rmSync(join(directory, 'recovery-point-offset-checkpoint'), { force: true });
  // A last batch that is cut off.
  change(files(partition('codecs-0'), '.log').at(-1)!, (bytes) => bytes.subarray(0, bytes.length - 20));
  // A batch in the middle that has rotted: it ends the log.
  change(files(partition('append-time-0'), '.log').at(-3)!, flipByteAt(75));
  // Nothing but the batches.
  for (const suffix of ['.index', '.timeindex', '.txnindex', '.snapshot']) {
    remove(files(partition('transactions-0'), suffix));
  }
  // Indexes that lie, and zeros where a batch was to be written.
  for (const path of files(partition('compacted-0'), '.index')) writeFileSync(path, garbage);
  change(files(partition('compacted-0'), '.log').at(-1)!, (bytes) => Buffer.concat([bytes, Buffer.alloc(300)]));
  // The epochs are learnt again.
  remove(files(partition('__transaction_state-0'), 'leader-epoch-checkpoint'));
}

/** Damage behind the back of a broker that was closed. The entries of `.txnindex` end before they begin. */
export function damageClosed(directory: string): void {
  const partition = (name: string): string => join(directory, name);
  remove(files(partition('codecs-0'), '.index'));
  remove(files(partition('append-time-0'), '.timeindex'));
  for (const path of files(partition('transactions-0'), '.txnindex')) change(path, (bytes) => bytes.fill(0, 18, 26));
  remove(files(partition('compacted-0'), 'index'));
}
