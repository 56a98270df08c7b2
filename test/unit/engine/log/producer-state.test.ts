import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { LeaderAppendOptions, LogAppendInfo } from '../../../../extension/engine/log/partition-log.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../../../extension/engine/log/producer-snapshot.ts';
import type { VerificationGuard } from '../../../../extension/engine/log/transaction-verification.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { buildEndTransactionBatch } from '../../../../extension/records/control-record.ts';
import { batchOf, codeOf, config, DIRECTORY, fixture, NOW_MS, recordsIn } from './log-fixture.ts';

const PRODUCER = 7;

interface Sent {
  readonly producerId?: number;
  readonly epoch?: number;
  readonly count?: number;
  readonly isTransactional?: boolean;
}

/** Sends `count` records from `sequence` on, as a producer does. */
function send(log: UnifiedLog, sequence: number, sent: Sent = {}): LogAppendInfo {
  const { producerId = PRODUCER, epoch = 0, count = 1, isTransactional = false } = sent;
  const values = Array.from({ length: count }, (_, index) => `${producerId}/${sequence + index}`);
  const options = { producerId, producerEpoch: epoch, baseSequence: sequence, isTransactional };
  const info = log.appendAsLeader(batchOf(values, options), 0);
  log.flushWrites();
  log.updateHighWatermark(log.logEndOffset);
  return info;
}

function end(log: UnifiedLog, commit: boolean, producerId = PRODUCER, epoch = 0, more: LeaderAppendOptions = {}): void {
  const marker = { producerId, producerEpoch: epoch, coordinatorEpoch: 1, commit };
  log.appendAsLeader(buildEndTransactionBatch(marker, NOW_MS), 0, { origin: 'coordinator', ...more });
  log.flushWrites();
}

describe('sequences', () => {
  it('must follow each other', () => {
    const log = fixture().open();
    send(log, 0, { count: 3 });
    send(log, 3);
    expect(codeOf(() => send(log, 5))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(codeOf(() => send(log, 3, { count: 2 }))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    send(log, 4);
    expect(log.logEndOffset).toBe(5);
  });

  it('of a producer that is not known may start anywhere', () => {
    const log = fixture().open();
    expect(send(log, 100)).toMatchObject({ firstOffset: 0, isDuplicate: false });
  });

  it('wrap after 2^31 - 1', () => {
    const log = fixture().open();
    send(log, 0x7ffffffe, { count: 2 });
    send(log, 0);
    expect(send(log, 0x7ffffffe, { count: 2 })).toMatchObject({ isDuplicate: true, firstOffset: 0 });
    const crossing = fixture().open();
    send(crossing, 0x7fffffff, { count: 3 });
    expect(crossing.activeProducers()[0]!.lastSequence).toBe(1);
    expect(send(crossing, 0x7fffffff, { count: 3 }).isDuplicate).toBe(true);
    send(crossing, 2);
  });

  it('repeat: one of the last five batches is answered with its own offsets', () => {
    const log = fixture().open();
    for (let i = 0; i < 7; i++) send(log, i * 2, { count: 2 });
    const results: unknown[] = [];
    const again = batchOf(['x', 'y'], { producerId: PRODUCER, producerEpoch: 0, baseSequence: 4 });
    const info = log.appendAsLeader(again, 0, { onWritten: (error) => results.push(error) });
    expect(info).toMatchObject({ isDuplicate: true, firstOffset: 4, lastOffset: 5, logAppendTimeMs: NOW_MS });
    expect(results).toEqual([]);
    log.flushWrites();
    expect([results, log.logEndOffset]).toEqual([[undefined], 14]);
    expect(codeOf(() => send(log, 2, { count: 2 }))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  });

  it('repeat within one turn: the duplicate waits for the write of the original', () => {
    const { open, disk } = fixture();
    const log = open();
    const results: (number | undefined)[] = [];
    const records = (): Buffer => batchOf(['x'], { producerId: PRODUCER, producerEpoch: 0, baseSequence: 0 });
    disk.capacityBytes = disk.usedBytes;
    for (let i = 0; i < 2; i++) {
      log.appendAsLeader(records(), 0, { onWritten: (error) => results.push(error?.code) });
    }
    log.flushWrites();
    expect(results).toEqual([ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.KAFKA_STORAGE_ERROR]);
    disk.capacityBytes = Infinity;
    expect(log.appendAsLeader(records(), 0)).toMatchObject({ isDuplicate: false, firstOffset: 0 });
  });
});

describe('epochs', () => {
  it('older ones are fenced, newer ones start at 0', () => {
    const log = fixture().open();
    send(log, 0, { epoch: 2 });
    expect(codeOf(() => send(log, 1, { epoch: 1 }))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(codeOf(() => send(log, 1, { epoch: 3 }))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    send(log, 0, { epoch: 3 });
    send(log, 1, { epoch: 3 });
    expect(log.activeProducers()).toMatchObject([{ producerEpoch: 3, lastSequence: 1 }]);
  });
});

describe('transactions', () => {
  const committed = (log: UnifiedLog, from = 0): [offsets: number[], aborted: unknown] => {
    const read = log.read(from, 10_000, { isolation: 'committed' });
    return [recordsIn(read.records).map((record) => record.offset), read.abortedTransactions];
  };

  it('hold the last stable offset back until their marker is replicated', () => {
    const log = fixture().open();
    send(log, 0, { producerId: 1 });
    send(log, 0, { isTransactional: true });
    send(log, 1, { producerId: 1 });
    expect([log.lastStableOffset, log.highWatermark]).toEqual([1, 3]);
    expect(committed(log)).toEqual([[0], []]);
    end(log, true);
    expect(log.lastStableOffset).toBe(1);
    log.updateHighWatermark(4);
    expect(log.lastStableOffset).toBe(4);
    expect(committed(log)).toEqual([[0, 1, 2], []]);
  });

  it('that were aborted are named to those who read them', () => {
    const { open, disk } = fixture();
    const log = open({ config: config({ 'internal.segment.bytes': '400' }) });
    send(log, 0, { isTransactional: true, producerId: 1 });
    send(log, 0, { isTransactional: true, producerId: 2 });
    end(log, false, 1);
    for (let i = 0; i < 6; i++) send(log, i, { producerId: 3 });
    end(log, true, 2);
    log.updateHighWatermark(log.logEndOffset);
    expect(log.segments().length).toBeGreaterThan(1);
    expect(committed(log)[1]).toEqual([{ producerId: 1, firstOffset: 0 }]);
    expect(committed(log, 4)[1]).toEqual([]);
    expect(log.collectAbortedTransactions(0, 100)).toEqual([{ producerId: 1, firstOffset: 0 }]);
    const index = disk.readFileSync(`${DIRECTORY}/00000000000000000000.txnindex`);
    // Version 0, producer 1, from 0 to 2; then everything below 1 was decided, where producer 2 began.
    expect(index.toString('hex')).toBe('00000000000000000001000000000000000000000000000000020000000000000001');
  });

  it('survive a stop, clean or not', () => {
    for (const isClean of [true, false]) {
      const { open, disk } = fixture();
      const log = open();
      send(log, 0, { isTransactional: true, producerId: 1 });
      end(log, false, 1);
      send(log, 0, { isTransactional: true, producerId: 2 });
      send(log, 1, { isTransactional: true, producerId: 2 });
      if (isClean) log.close();
      const again = fixture({ disk }).open({ hadCleanShutdown: isClean });
      again.updateHighWatermark(4);
      expect(again.lastStableOffset).toBe(2);
      expect(again.collectAbortedTransactions(0, 2)).toEqual([{ producerId: 1, firstOffset: 0 }]);
      expect(again.activeProducers()).toMatchObject([
        { producerId: 1, coordinatorEpoch: 1, currentTxnStartOffset: -1 },
        { producerId: 2, lastSequence: 1, currentTxnStartOffset: 2 },
      ]);
      send(again, 2, { isTransactional: true, producerId: 2 });
    }
  });

  it('below the high watermark are stable at once after a kill and after a cut', () => {
    const { open } = fixture();
    const log = open();
    send(log, 0, { isTransactional: true });
    end(log, true);
    send(log, 1, { isTransactional: true });
    end(log, true);
    log.updateHighWatermark(4);
    log.abandon();
    const again = open({ highWatermark: 3 });
    expect([again.highWatermark, again.lastStableOffset]).toEqual([3, 2]);
    again.truncateTo(3);
    expect(again.lastStableOffset).toBe(2);
    again.truncateTo(2);
    expect(again.lastStableOffset).toBe(2);
  });

  it('take no other writes of their producer', () => {
    const log = fixture().open();
    send(log, 0, { isTransactional: true });
    expect(codeOf(() => send(log, 1))).toBe(ErrorCode.INVALID_TXN_STATE);
  });

  it('end by a coordinator that is not older, with an epoch that is not either', () => {
    const log = fixture().open();
    send(log, 0, { isTransactional: true, epoch: 1 });
    expect(codeOf(() => end(log, true, PRODUCER, 0))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    end(log, true, PRODUCER, 1);
    const old = { producerId: PRODUCER, producerEpoch: 1, coordinatorEpoch: 0, commit: true };
    expect(codeOf(() => log.appendAsLeader(buildEndTransactionBatch(old, 0), 0, { origin: 'coordinator' }))).toBe(
      ErrorCode.TRANSACTION_COORDINATOR_FENCED,
    );
  });

  it('of version 2 end with a later epoch, or the same when the marker is a retry', () => {
    const log = fixture().open();
    const tv2 = { transactionVersion: 2 };
    send(log, 0, { isTransactional: true, epoch: 1 });
    expect(codeOf(() => end(log, true, PRODUCER, 1, tv2))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    end(log, true, PRODUCER, 2, tv2);
    end(log, true, PRODUCER, 2, tv2);
    log.updateHighWatermark(log.logEndOffset);
    expect(log.lastStableOffset).toBe(log.logEndOffset);
    send(log, 0, { isTransactional: true, epoch: 2 });
  });

  it('go when the log is cut before them', () => {
    const log = fixture().open();
    send(log, 0, { producerId: 1 });
    send(log, 0, { isTransactional: true });
    log.truncateTo(1);
    log.updateHighWatermark(1);
    expect(log.lastStableOffset).toBe(1);
    expect(log.activeProducers().map((producer) => producer.producerId)).toEqual([1]);
    expect(send(log, 0, { isTransactional: true })).toMatchObject({ firstOffset: 1, isDuplicate: false });
  });
});

describe('transactions that must be verified', () => {
  const request = { producerId: PRODUCER, producerEpoch: 0, firstSequence: 0, supportsEpochBump: true };

  function begin(log: UnifiedLog, sequence: number, verificationGuard?: VerificationGuard, epoch = 0): LogAppendInfo {
    const batch = { producerId: PRODUCER, producerEpoch: epoch, baseSequence: sequence, isTransactional: true };
    const info = log.appendAsLeader(batchOf(['x'], batch), 0, { verificationGuard });
    log.flushWrites();
    return info;
  }

  it('begin with the guard that was given for them, and go on without', () => {
    const log = fixture({ verifiesTransactions: true }).open();
    expect(codeOf(() => begin(log, 0))).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(codeOf(() => begin(log, 0, {}))).toBe(ErrorCode.INVALID_TXN_STATE);
    const guard = log.startTransactionVerification(request);
    expect(log.startTransactionVerification(request)).toBe(guard);
    expect(codeOf(() => begin(log, 0, {}))).toBe(ErrorCode.INVALID_TXN_STATE);
    begin(log, 0, guard);
    expect(log.startTransactionVerification(request)).toBeUndefined();
    begin(log, 1);
    // A retry is known without a question.
    expect(begin(log, 1).isDuplicate).toBe(true);
    end(log, true);
    expect(codeOf(() => begin(log, 2, guard))).toBe(ErrorCode.INVALID_TXN_STATE);
    begin(log, 2, log.startTransactionVerification({ ...request, firstSequence: 2 }));
    expect(log.logEndOffset).toBe(4);
  });

  it('start at sequence 0 where the producer has no batches here and each transaction has an epoch of its own', () => {
    const log = fixture({ verifiesTransactions: true }).open();
    const guard = log.startTransactionVerification({ ...request, firstSequence: 5 });
    expect(codeOf(() => begin(log, 5, guard))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    begin(log, 0, guard);
    end(log, true, PRODUCER, 1, { transactionVersion: 2 });
    const next = { ...request, producerEpoch: 1, firstSequence: 3 };
    expect(codeOf(() => begin(log, 3, log.startTransactionVerification(next), 1))).toBe(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    );
    const before = fixture({ verifiesTransactions: true }).open();
    const older = { ...request, firstSequence: 5, supportsEpochBump: false };
    expect(begin(before, 5, before.startTransactionVerification(older)).firstOffset).toBe(0);
  });

  it('do not begin with a later batch than the first one that waits', () => {
    const log = fixture({ verifiesTransactions: true }).open();
    const older = { ...request, supportsEpochBump: false };
    log.startTransactionVerification({ ...older, firstSequence: 4 });
    const guard = log.startTransactionVerification({ ...older, firstSequence: 2 });
    expect(codeOf(() => begin(log, 4, guard))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    begin(log, 2, guard);
  });

  it('are fenced by a later epoch, and a later epoch starts over', () => {
    const log = fixture({ verifiesTransactions: true }).open();
    const guard = log.startTransactionVerification({ ...request, producerEpoch: 3, firstSequence: 0 });
    begin(log, 0, guard, 3);
    expect(codeOf(() => log.startTransactionVerification(request))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(codeOf(() => begin(log, 0, guard, 2))).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
  });

  it('are forgotten like producers', () => {
    const log = fixture({ verifiesTransactions: true }).open();
    const guard = log.startTransactionVerification(request);
    log.producers.removeExpired(NOW_MS + 86_399_999);
    expect(log.startTransactionVerification(request)).toBe(guard);
    log.producers.removeExpired(NOW_MS + 86_400_000);
    expect(log.startTransactionVerification(request)).not.toBe(guard);
  });
});

describe('snapshots', () => {
  it('have the bytes of Kafka', () => {
    const entry = {
      producerId: 4000,
      producerEpoch: 3,
      batches: [{ lastSequence: 12, lastOffset: 99, offsetDelta: 4, timestampMs: 1700000000000 }],
      lastTimestampMs: 1700000000000,
      coordinatorEpoch: 5,
      currentTransactionFirstOffset: 95,
    };
    const bytes = encodeProducerSnapshot([entry, { ...entry, producerId: 1, batches: [], coordinatorEpoch: -1 }]);
    expect(bytes.toString('hex')).toBe(KAFKA_SNAPSHOT);
    expect(decodeProducerSnapshot(bytes)).toEqual([
      entry,
      { ...entry, producerId: 1, batches: [], coordinatorEpoch: -1 },
    ]);
  });

  it('that are damaged are left out, and the state made from the log', () => {
    const { open, disk } = fixture();
    const log = open();
    for (let i = 0; i < 3; i++) send(log, i);
    log.close();
    disk.writeFileAtomicSync(`${DIRECTORY}/00000000000000000003.snapshot`, Buffer.from('nonsense here'));
    const again = fixture({ disk }).open({ hadCleanShutdown: true });
    expect(again.activeProducers()).toMatchObject([{ producerId: PRODUCER, lastSequence: 2 }]);
    expect(codeOf(() => send(again, 9))).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  });

  it('go with their segments, but for the last two', () => {
    const { open, disk } = fixture();
    const log = open({ config: config({ 'internal.segment.bytes': '200' }) });
    for (let i = 0; i < 8; i++) send(log, i);
    const names = (): string[] =>
      disk.paths.filter((path) => path.endsWith('.snapshot')).map((path) => path.slice(-12));
    expect(names().length).toBeGreaterThan(2);
    log.truncateTo(3);
    expect(names().every((name) => Number(name.slice(0, 3)) <= 3)).toBe(true);
    log.truncateFullyAndStartAt(50);
    expect(names()).toEqual([]);
    expect(log.activeProducers()).toEqual([]);
  });

  it('forget producers that were quiet for a day, unless their transaction is open', () => {
    const { open } = fixture();
    const log = open();
    send(log, 0, { producerId: 1 });
    send(log, 0, { producerId: 2, isTransactional: true });
    log.producers.removeExpired(NOW_MS + 86_399_999);
    expect(log.activeProducers()).toHaveLength(2);
    log.producers.removeExpired(NOW_MS + 86_400_000);
    expect(log.activeProducers().map((producer) => producer.producerId)).toEqual([2]);
  });
});

const KAFKA_SNAPSHOT =
  '0001325edea2000000020000000000000fa000030000000c0000000000000063000000040000018bcfe56800000000050000' +
  '00000000005f00000000000000010003ffffffffffffffffffffffff000000000000018bcfe56800ffffffff000000000000005f';
