import { describe, expect, it } from 'vitest';
import * as batch from '../../../../extension/records/record-batch.ts';
import { filesOf, FixtureCopy, fixtureTopics, lasting } from './kafka-fixtures.ts';

/** What each was done to is in scripts/log-fixtures/damage.ts. */
describe('of a killed broker, damaged', () => {
  it.each(fixtureTopics)('%s is recovered to the same files as by Apache Kafka', (topic) => {
    const copy = new FixtureCopy('killed', topic);
    const log = copy.open();
    log.close();
    const expected = lasting(filesOf('killed-recovered', `${topic}-0`), log.logEndOffset);
    expect(lasting(copy.files(), log.logEndOffset)).toEqual(expected);
  });

  it('a torn tail and a rotten batch end the log, with a warning', () => {
    const torn = new FixtureCopy('killed', 'codecs');
    expect(torn.open().logEndOffset).toBe(557);
    expect(torn.warnings).toEqual([expect.stringMatching(/^Cut \d+ bytes off .*486\.log/)]);
    const rotten = new FixtureCopy('killed', 'append-time');
    expect(rotten.open().logEndOffset).toBe(24);
    expect(rotten.warnings).toHaveLength(3);
  });

  it('the transactions that were aborted are found again from the batches alone', () => {
    const recovered = new FixtureCopy('killed', 'transactions').open();
    const closed = new FixtureCopy('closed', 'transactions').open({ hadCleanShutdown: true });
    const aborted = closed.collectAbortedTransactions(0, closed.logEndOffset);
    expect(aborted.length).toBeGreaterThan(15);
    expect(recovered.collectAbortedTransactions(0, closed.logEndOffset)).toEqual(aborted);
  });
});

describe('of a closed broker, damaged', () => {
  const repairedAtOnce = fixtureTopics.filter((topic) => topic !== 'append-time');

  it.each(repairedAtOnce)('%s is repaired to the same files as by Apache Kafka', (topic) => {
    const copy = new FixtureCopy('damaged', topic);
    const log = copy.open({ hadCleanShutdown: true });
    log.close();
    const expected = lasting(filesOf('damaged-repaired', `${topic}-0`), log.logEndOffset);
    expect(lasting(copy.files(), log.logEndOffset)).toEqual(expected);
  });

  it('time indexes are made again when they are asked, where Kafka goes on with empty ones', () => {
    const copy = new FixtureCopy('damaged', 'append-time');
    const log = copy.open({ hadCleanShutdown: true });
    for (const segment of log.local.segments.all) expect(segment.maxTimestamp.timestampMs).toBeGreaterThan(0);
    log.close();
    // The others were written over a restart, after which Kafka counts `index.interval.bytes` from 0.
    const timeIndexes = /0(00|68)\.timeindex$/;
    const expected = lasting(filesOf('closed', 'append-time-0'), log.logEndOffset, timeIndexes);
    expect(lasting(copy.files(), log.logEndOffset, timeIndexes)).toEqual(expected);
  });

  it.each(['codecs', 'transactions', 'compacted', 'append-time'] as const)(
    '%s is read right with offset indexes that lie',
    (topic) => {
      const copy = new FixtureCopy('closed', topic);
      for (const [name, bytes] of copy.files()) {
        if (!name.endsWith('.index')) continue;
        // Every entry leads into the middle of a batch.
        for (let at = 4; at < bytes.length; at += 8) bytes.writeInt32BE(bytes.readInt32BE(at) + 9, at);
        copy.disk.writeFileAtomicSync(copy.path(name), bytes);
      }
      const log = copy.open({ hadCleanShutdown: true });
      const intact = new FixtureCopy('closed', topic).open({ hadCleanShutdown: true });
      for (let offset = 0; offset < intact.logEndOffset; offset++) {
        const found = log.read(offset, 1).records[0]!;
        expect(batch.lastOffset(found, 0)).toBeGreaterThanOrEqual(offset);
        expect(found.equals(intact.read(offset, 1).records[0]!)).toBe(true);
      }
    },
  );
});
