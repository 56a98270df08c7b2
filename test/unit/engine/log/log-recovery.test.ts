import { expect, it } from 'vitest';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { buildEndTransactionBatch } from '../../../../extension/records/control-record.ts';
import type { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { batchOf, config, contents, DIRECTORY, fixture, NOW_MS } from './log-fixture.ts';

const small = config({ 'internal.segment.bytes': '300', 'index.interval.bytes': '100' });
const producer = { producerId: 9, producerEpoch: 0 };

/** Several segments, an aborted transaction, an open one, a producer with several batches in the last segment. */
function fill(log: UnifiedLog): void {
  log.appendAsLeader(batchOf(['dropped'], { ...producer, baseSequence: 0, isTransactional: true }), 0);
  const marker = buildEndTransactionBatch({ ...producer, coordinatorEpoch: 0, commit: false }, NOW_MS);
  log.appendAsLeader(marker, 0, { origin: 'coordinator' });
  for (let i = 0; i < 8; i++) {
    log.appendAsLeader(batchOf([`value ${i}`], { producerId: 5, producerEpoch: 1, baseSequence: i }), 3);
    log.flushWrites();
  }
  log.appendAsLeader(batchOf(['open'], { ...producer, baseSequence: 1, isTransactional: true }), 4);
  log.flushWrites();
}

/** Files that others read too, and their bytes. */
function files(disk: MemoryFileSystem): Record<string, string> {
  return Object.fromEntries(disk.paths.map((name) => [name, disk.readFileSync(name).toString('hex')]));
}

function copyOf(disk: MemoryFileSystem): MemoryFileSystem {
  const copy = fixture().disk;
  for (const name of disk.paths) copy.writeFileAtomicSync(name, disk.readFileSync(name));
  return copy;
}

function lastLog(disk: MemoryFileSystem): string {
  return disk.paths
    .filter((name) => name.endsWith('.log'))
    .sort()
    .at(-1)!;
}

/** What a killed process leaves, with a torn batch at the end. */
function killed(): MemoryFileSystem {
  const { disk, open } = fixture();
  fill(open({ config: small }));
  const last = lastLog(disk);
  disk.writeFileAtomicSync(last, Buffer.concat([disk.readFileSync(last), Buffer.alloc(20, 1)]));
  return disk;
}

it('a log that somebody else recovered is the one that recovers itself', () => {
  const disk = killed();
  const alone = fixture({ disk: copyOf(disk) });
  const expected = alone.open({ config: small, recoveryPoint: 3 });

  const other = fixture({ disk });
  other.recover({ config: small, recoveryPoint: 3 });
  const opened = other.open({ config: small, recoveryPoint: 3, isRecovered: true });

  expect(contents(opened)).toEqual(contents(expected));
  expect(contents(opened)).toHaveLength(10);
  expect([opened.logEndOffset, opened.recoveryPoint, opened.lastStableOffset]).toEqual([
    11,
    3,
    expected.lastStableOffset,
  ]);
  expect(opened.activeProducers()).toEqual(expected.activeProducers());
  expect(opened.epochs.entries).toEqual(expected.epochs.entries);
  expect(opened.collectAbortedTransactions(0, 11)).toEqual([{ producerId: 9, firstOffset: 0 }]);
  expected.close();
  opened.close();
  expect(files(disk)).toEqual(files(alone.disk));
});

it('knows the batches of a producer in the last segment, so that one that comes again is no gap', () => {
  const disk = killed();
  const { recover, open } = fixture({ disk });
  recover({ config: small });
  const log = open({ config: small, isRecovered: true });
  const again = (sequence: number): number =>
    log.appendAsLeader(batchOf([`value ${sequence}`], { producerId: 5, producerEpoch: 1, baseSequence: sequence }), 4)
      .firstOffset;
  expect([again(7), again(6)]).toEqual([9, 8]);
});

it('is opened without a look at the bodies of what was checked', () => {
  const disk = killed();
  fixture({ disk }).recover({ config: small });
  const read = new Set<string>();
  disk.onCall = (operation, name) => void (operation === 'read' && read.add(name.slice(-10)));
  fixture({ disk }).open({ config: small, isRecovered: true });
  expect([...read].filter((name) => name.endsWith('.log'))).toEqual([lastLog(disk).slice(-10)]);
});

it('is checked again after the next unclean stop', () => {
  const disk = killed();
  fixture({ disk }).recover({ config: small });
  const log = fixture({ disk }).open({ config: small, isRecovered: true });
  log.abandon();
  const first = `${DIRECTORY}/${'0'.repeat(20)}.log`;
  const bytes = disk.readFileSync(first);
  bytes[bytes.length - 1]! ^= 1;
  disk.writeFileAtomicSync(first, bytes);
  expect(fixture({ disk }).open({ config: small, mayHaveGaps: false }).logEndOffset).toBeLessThan(4);
});
