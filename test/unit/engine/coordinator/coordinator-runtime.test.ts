import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { CoordinatorRuntime } from '../../../../extension/engine/coordinator/coordinator-runtime.ts';
import type { CoordinatorResult } from '../../../../extension/engine/coordinator/coordinator-result.ts';
import type {
  CoordinatorRecordSerde,
  CoordinatorShard,
} from '../../../../extension/engine/coordinator/coordinator-shard.ts';
import type { CoordinatorTimer } from '../../../../extension/engine/coordinator/coordinator-timer.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { lastOffset, recordCount } from '../../../../extension/records/record-batch.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { recordingLogger } from './coordinator-fixture.ts';
import { FakeCoordinatorLog } from './fake-coordinator-log.ts';

/** The smallest state there is: a list of words, in the order of the log. */
class Words implements CoordinatorShard<string> {
  readonly words: string[] = [];
  readonly events: string[] = [];
  readonly timer: CoordinatorTimer<string>;
  committed = -1;

  constructor(timer: CoordinatorTimer<string>) {
    this.timer = timer;
  }

  replay(offset: number, producerId: number, record: string): void {
    this.words.push(`${offset}:${record}${producerId === -1 ? '' : ` of ${producerId}`}`);
  }

  replayEndTransactionMarker(): void {}

  onLoaded(): void {
    this.events.push('loaded');
  }

  onUnloaded(): void {
    this.events.push('unloaded');
  }

  onCommitted(offset: number): void {
    this.committed = offset;
  }
}

const serde: CoordinatorRecordSerde<string> = {
  encode: (record) => ({ key: Buffer.from('k'), value: Buffer.from(record) }),
  decode: (_key, value) => {
    const text = value?.toString() ?? '';
    if (text === 'broken') throw new Error('broken');
    return text === 'skip' ? undefined : text;
  },
};

function setUp() {
  const clock = new FakeClock();
  const log = new FakeCoordinatorLog();
  const logger = recordingLogger();
  const shards: Words[] = [];
  const runtime = new CoordinatorRuntime<Words, string>({
    log,
    serde,
    clock,
    logger,
    writeTimeoutMs: 1_000,
    createShard(_partition, timer) {
      const shard = new Words(timer);
      shards.push(shard);
      return shard;
    },
  });
  const write = (...records: string[]): Promise<string> =>
    runtime.write(0, () => ({ records, response: records.join('+') }));
  return { clock, log, logger, runtime, shards, write };
}

async function elected() {
  const parts = setUp();
  await parts.runtime.onElection(0, 7);
  return parts;
}

const codeOf = (promise: Promise<unknown>): Promise<number> =>
  promise.then(
    () => ErrorCode.NONE,
    (error: unknown) => (error as ApiError).code,
  );

describe('CoordinatorRuntime', () => {
  it('serves nothing that it does not lead', async () => {
    const { runtime, write } = setUp();
    expect(await codeOf(write('a'))).toBe(ErrorCode.NOT_COORDINATOR);
    expect(() => runtime.read(0, () => 0)).toThrow(ApiError);
  });

  it('says so while it loads, and serves what the log held afterwards', async () => {
    const { log, runtime, shards, write } = setUp();
    for (const word of ['a', 'skip', 'b']) {
      log.put(0, new RecordBatchBuilder().append({ value: Buffer.from(word) }).build());
    }
    let open = (): void => undefined;
    log.readGate = new Promise((resolve) => (open = resolve));
    const loaded = runtime.onElection(0, 1);
    expect(await codeOf(write('x'))).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    open();
    await loaded;
    expect(shards[0]).toMatchObject({ words: ['0:a', '2:b'], events: ['loaded'], committed: 2 });
    expect(await write('c')).toBe('c');
    expect(shards[0]!.words).toEqual(['0:a', '2:b', '3:c']);
  });

  it('skips a record that it can not read', async () => {
    const { log, logger, runtime, shards } = setUp();
    const batch = new RecordBatchBuilder();
    for (const word of ['a', 'broken', 'b']) batch.append({ value: Buffer.from(word) });
    log.put(0, batch.build());
    await runtime.onElection(0, 1);
    expect(shards[0]!.words).toEqual(['0:a', '2:b']);
    expect(logger.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  it('answers NOT_COORDINATOR when a partition can not be loaded, until it is elected again', async () => {
    const { log, logger, runtime, write } = setUp();
    log.readGate = Promise.reject(new Error('disk'));
    await runtime.onElection(0, 1);
    expect(await codeOf(write('a'))).toBe(ErrorCode.NOT_COORDINATOR);
    expect(logger.lines.some((line) => line.startsWith('error') && line.includes('disk'))).toBe(true);
    log.readGate = Promise.resolve();
    await runtime.onElection(0, 2);
    expect(await write('a')).toBe('a');
  });

  it('replays at once, answers when it is committed', async () => {
    const { clock, log, runtime, shards, write } = await elected();
    log.commitsAtOnce = false;
    const answered: string[] = [];
    for (const word of ['a', 'b']) void write(word).then((text) => answered.push(text));
    void runtime.write(0, () => ({ records: [], response: 'no records' })).then((text) => answered.push(text));
    await clock.advance();
    expect(shards[0]!.words).toEqual(['0:a', '1:b']);
    expect([answered, shards[0]!.committed]).toEqual([[], -1]);
    log.commit(0, 1);
    await clock.advance();
    expect([answered, shards[0]!.committed]).toEqual([['a'], 0]);
    log.commit(0);
    await clock.advance();
    expect([answered, shards[0]!.committed]).toEqual([['a', 'b', 'no records'], 1]);
  });

  it('tells who waits that a commit takes too long, and goes on when it comes', async () => {
    const { clock, log, shards, write } = await elected();
    log.commitsAtOnce = false;
    const late = codeOf(write('a'));
    await clock.advance(999);
    const inTime = write('b');
    await clock.advance(1);
    expect(await late).toBe(ErrorCode.REQUEST_TIMED_OUT);
    log.commit(0);
    expect(await inTime).toBe('b');
    expect(shards).toHaveLength(1);
    await clock.advance(2_000);
    expect(clock.timerCount).toBe(0);
  });

  it('changes nothing when an append is refused', async () => {
    const { log, shards, write } = await elected();
    log.nextError = new ApiError(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(await codeOf(write('a'))).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(await write('b')).toBe('b');
    expect(shards[0]!.words).toEqual(['0:b']);
  });

  it('starts over from the log when writes are lost', async () => {
    const { clock, log, shards, write } = await elected();
    await write('kept');
    log.commitsAtOnce = false;
    const lost = [codeOf(write('a')), codeOf(write('b'))];
    log.lose(0, new ApiError(ErrorCode.KAFKA_STORAGE_ERROR));
    expect(await Promise.all(lost)).toEqual([ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.KAFKA_STORAGE_ERROR]);
    await clock.advance();
    log.commitsAtOnce = true;
    expect(await write('c')).toBe('c');
    expect(shards.map(({ words }) => words)).toEqual([
      ['0:kept', '1:a', '2:b'],
      ['0:kept', '1:c'],
    ]);
    expect(shards[0]!.events).toEqual(['loaded', 'unloaded']);
  });

  it('answers what waits when it is no longer the leader', async () => {
    const { clock, log, runtime, shards, write } = await elected();
    log.commitsAtOnce = false;
    const waiting = codeOf(write('a'));
    shards[0]!.timer.schedule('t', 10, () => ({ records: ['from a timer'], response: undefined }));
    runtime.onResignation(0, 6);
    expect(shards[0]!.events).toEqual(['loaded']);
    runtime.onResignation(0, 7);
    expect(await waiting).toBe(ErrorCode.NOT_COORDINATOR);
    expect(shards[0]!.events).toEqual(['loaded', 'unloaded']);
    log.commit(0);
    await clock.advance(20);
    expect(shards[0]!.words).toEqual(['0:a']);
    expect([runtime.timerCount, clock.timerCount]).toEqual([0, 0]);
  });

  it('stops a load that is not wanted any more', async () => {
    const { log, runtime, shards, write } = setUp();
    log.put(0, new RecordBatchBuilder().append({ value: Buffer.from('a') }).build());
    const first = runtime.onElection(0, 1);
    runtime.onResignation(0);
    const second = runtime.onElection(0, 2);
    await Promise.all([first, second]);
    expect(await write('b')).toBe('b');
    expect(shards.map(({ words }) => words)).toEqual([[], ['0:a', '1:b']]);
  });

  it('keeps its state through an election of the same broker', async () => {
    const { runtime, shards, write } = await elected();
    await write('a');
    await runtime.onElection(0, 8);
    expect(shards).toHaveLength(1);
    runtime.onResignation(0, 7);
    expect(await write('b')).toBe('b');
  });

  it('loads anew when another broker may have led in between', async () => {
    const { log, runtime, shards, write } = await elected();
    await write('a');
    log.put(0, new RecordBatchBuilder().append({ value: Buffer.from('of another') }).build());
    await runtime.onElection(0, 9);
    expect(shards[1]!.words).toEqual(['0:a', '1:of another']);
    expect(shards[0]!.events).toEqual(['loaded', 'unloaded']);
  });

  it('writes what a timer says', async () => {
    const { clock, shards } = await elected();
    shards[0]!.timer.schedule('t', 10, () => ({ records: ['tick'], response: undefined }));
    await clock.advance(10);
    expect(shards[0]!.words).toEqual(['0:tick']);
  });

  it('survives a timer and a callback that throw', async () => {
    const { clock, logger, runtime, shards, write } = await elected();
    shards[0]!.timer.schedule('bad', 10, () => {
      throw new Error('oops');
    });
    await clock.advance(10);
    const result: CoordinatorResult<string, string> = {
      records: ['a'],
      response: 'a',
      onAppended() {
        throw new Error('ouch');
      },
    };
    expect(await runtime.write(0, () => result)).toBe('a');
    expect(await write('b')).toBe('b');
    expect(logger.lines.filter((line) => /oops|ouch/.test(line))).toHaveLength(2);
  });

  it('keeps the records of one decision in one batch, or splits them where it may', async () => {
    const { log, runtime } = await elected();
    log.maxBatchBytes = 300;
    const records = Array.from({ length: 20 }, (_, i) => `word ${i} ${'x'.repeat(20)}`);
    expect(await codeOf(runtime.write(0, () => ({ records, response: 0 })))).toBe(ErrorCode.RECORD_LIST_TOO_LARGE);
    expect(log.batches(0)).toHaveLength(0);
    await runtime.write(0, () => ({ records, response: 0, isAtomic: false }));
    const batches = log.batches(0);
    expect(batches.length).toBeGreaterThan(1);
    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(300);
    expect(batches.reduce((sum, batch) => sum + recordCount(batch, 0), 0)).toBe(20);
    expect(lastOffset(batches.at(-1)!, 0)).toBe(19);
  });
});
