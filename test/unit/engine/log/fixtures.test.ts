import { describe, expect, it } from 'vitest';
import { fileName } from '../../../../extension/engine/log/log-file-names.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { contentsOf, dumpOf, fieldsOf, filesOf, FixtureCopy, fixtureTopics, lasting } from './kafka-fixtures.ts';
import type { FixtureTopic } from './kafka-fixtures.ts';
import {
  contentLines,
  logLines,
  offsetIndexLines,
  snapshotLines,
  timeIndexLines,
  transactionIndexLines,
} from './kafka-fixture-lines.ts';

/** What records of coordinators mean is looked at in fixture-decoders.test.ts; here their lines end before it. */
const isDecoded = (topic: FixtureTopic): boolean => topic.startsWith('__');
const beforeContent = (line: string): string => line.replace(/ key: \{.*$/, '');

/** Of the kind of file that ends so, what DumpLogSegments printed; files that it calls empty have no lines. */
function dumped(topic: FixtureTopic, suffix: string): Record<string, string[]> {
  const sections = [...dumpOf('closed', `${topic}-0`)].filter(([name]) => name.endsWith(suffix));
  return Object.fromEntries(
    sections.map(([name, lines]) => [name, lines.filter((line) => !line.endsWith('is empty.'))]),
  );
}

function bySegment(
  log: UnifiedLog,
  suffix: string,
  lines: (segment: UnifiedLog['local']['segments']['active']) => string[],
): Record<string, string[]> {
  return Object.fromEntries(
    log.local.segments.all.map((segment) => [fileName(segment.baseOffset, suffix), lines(segment)]),
  );
}

describe.each(fixtureTopics)('%s, closed by Apache Kafka', (topic) => {
  it('opens without a change', () => {
    const copy = new FixtureCopy('closed', topic);
    const before = copy.files();
    const log = copy.open({ hadCleanShutdown: true });
    log.close();
    expect(lasting(copy.files(), log.logEndOffset)).toEqual(lasting(before, log.logEndOffset));
    expect(copy.warnings).toEqual([]);
  });

  it('has every batch and record', () => {
    const log = new FixtureCopy('closed', topic).open({ hadCleanShutdown: true });
    const content = isDecoded(topic) ? () => '' : undefined;
    const expected = Object.entries(dumped(topic, '.log')).map(([name, lines]) => [name, lines.map(beforeContent)]);
    expect(bySegment(log, '.log', (segment) => logLines(segment, content))).toEqual(Object.fromEntries(expected));
  });

  it('has the bytes of every record', () => {
    const log = new FixtureCopy('closed', topic).open({ hadCleanShutdown: true });
    const lines = Object.values(
      bySegment(log, '.log', (segment) => contentLines(segment, fileName(segment.baseOffset, '.log'))),
    );
    expect(lines.flat()).toEqual(topic === 'empty' ? [] : contentsOf('closed', `${topic}-0`));
  });

  it('has the entries of the indexes', () => {
    const log = new FixtureCopy('closed', topic).open({ hadCleanShutdown: true });
    expect(bySegment(log, '.index', offsetIndexLines)).toEqual(dumped(topic, '.index'));
    expect(bySegment(log, '.timeindex', timeIndexLines)).toEqual(dumped(topic, '.timeindex'));
    const aborted = bySegment(log, '.txnindex', (segment) => transactionIndexLines(segment.transactionIndex.entries()));
    const nonEmpty = Object.entries(aborted).filter(([, lines]) => lines.length > 0);
    expect(Object.fromEntries(nonEmpty)).toEqual(dumped(topic, '.txnindex'));
  });

  it('reads back every byte from the first offset on', () => {
    const log = new FixtureCopy('closed', topic).open({ hadCleanShutdown: true });
    const files = [...filesOf('closed', `${topic}-0`)].filter(([name]) => name.endsWith('.log')).sort();
    const read = log.local.segments.all.flatMap(({ baseOffset }) => [...log.read(baseOffset, 1 << 24).records]);
    expect(Buffer.concat(read).equals(Buffer.concat(files.map(([, bytes]) => bytes)))).toBe(true);
  });

  it('has the state of the producers', () => {
    const copy = new FixtureCopy('closed', topic);
    const snapshots = [...copy.files()].filter(([name]) => name.endsWith('.snapshot'));
    const lines = Object.fromEntries(snapshots.map(([name, bytes]) => [name, snapshotLines(bytes)]));
    expect(lines).toEqual(dumped(topic, '.snapshot'));
  });
});

function closed(topic: FixtureTopic): UnifiedLog {
  const log = new FixtureCopy('closed', topic).open({ hadCleanShutdown: true });
  log.updateHighWatermark(log.logEndOffset);
  return log;
}

describe('a log that Apache Kafka wrote', () => {
  it('knows its leader epochs, one more per restart', () => {
    const log = closed('codecs');
    expect(log.epochs.entries).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 2, startOffset: 186 },
      { epoch: 4, startOffset: 372 },
    ]);
    expect(log.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 0, endOffset: 186 });
    expect(log.endOffsetForEpoch(4)).toEqual({ leaderEpoch: 4, endOffset: 558 });
  });

  it('has every codec, null and empty fields and headers', () => {
    const lines = Object.values(dumped('codecs', '.log')).flat();
    const codecs = new Set(lines.map((line) => /compresscodec: (\w+)/.exec(line)?.[1]));
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) expect(codecs).toContain(codec);
    const contents = contentsOf('closed', 'codecs-0').map((line) => line.split(' ').slice(2).join(' '));
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    expect(contents).toContain('- -');
    expect(contents).toContain(`${hex('tombstone')} -`);
    expect(contents).toContain(`- ${hex('no key')} ${hex('null')}=- ${hex('empty')}=`);
    expect(contents).toContain(`  ${hex('naïve ключ')}=${hex('größe 漢字 🐞')}`);
  });

  it('stops read_committed where a transaction is open', () => {
    const log = closed('transactions');
    const open = log.activeProducers().filter(({ currentTxnStartOffset }) => currentTxnStartOffset >= 0);
    expect(open).toEqual([expect.objectContaining({ currentTxnStartOffset: log.logEndOffset - 1, lastSequence: 0 })]);
    expect(log.lastStableOffset).toBe(log.logEndOffset - 1);
  });

  it('tells what was aborted in any range', () => {
    const log = closed('transactions');
    const entries = Object.values(dumped('transactions', '.txnindex')).flat().map(numbersOf);
    for (const from of [0, 50, 141, 300]) {
      const expected = entries
        .filter(({ firstOffset, lastOffset }) => lastOffset! >= from && firstOffset! < from + 60)
        .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
      expect(expected.length).toBeGreaterThan(0);
      expect(log.collectAbortedTransactions(from, from + 60)).toEqual(expected);
    }
  });

  it('was compacted: offsets are missing, tombstones and markers have a delete horizon', () => {
    const log = closed('compacted');
    const records = contentsOf('closed', 'compacted-0');
    expect(records.length).toBeLessThan(log.logEndOffset / 2);
    const batches = Object.values(dumped('compacted', '.log'))
      .flat()
      .filter((line) => line.startsWith('baseOffset'));
    expect(batches.some((line) => line.includes('deleteHorizonMs: OptionalLong['))).toBe(true);
    // An emptied batch keeps the last sequence of its producer.
    expect(batches.some((line) => line.includes(' count: 0 '))).toBe(true);
    const missing = Number(records[0]!.split(' ')[1]) - 1;
    expect(log.read(missing, 1).sizeBytes).toBeGreaterThan(0);
  });

  it('finds each time where Kafka put it', () => {
    const log = closed('codecs');
    const records = Object.values(dumped('codecs', '.log'))
      .flat()
      .filter((line) => line.startsWith('|'))
      .map(numbersOf);
    const times = new Set(records.map(({ CreateTime }) => CreateTime!));
    for (const time of times) {
      const first = records.find(({ CreateTime }) => CreateTime! >= time)!;
      expect(log.fetchOffsetByTimestamp(time)).toMatchObject({ offset: first.offset, timestampMs: first.CreateTime });
    }
  });
});

function numbersOf(line: string): Record<string, number> {
  return Object.fromEntries(Object.entries(fieldsOf(line)).map(([name, value]) => [name, Number(value)]));
}
