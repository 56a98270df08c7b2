import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import type { FileOperation } from '../../../support/memory-file-system.ts';
import { batchOf, codeOf, config, contents, fixedRandom, NOW_MS } from './log-fixture.ts';

const TOPIC_ID = 'AbCdEfGhIjKlMnOpQrStUv';
/** Four records of an idempotent producer in each segment. */
const small = config({ 'internal.segment.bytes': '300', 'index.interval.bytes': '80' });
const options = { topicId: TOPIC_ID, config: small, directoryId: undefined };
const DAY_MS = 86_400_000;
const producer = { producerId: 7, producerEpoch: 0 };

const all = Array.from({ length: 10 }, (_, i) => `${i}:value ${i}`);
const [first, second, third] = [0, 4, 8].map((offset) => String(offset).padStart(20, '0'));
const damaged = (name: string): string => `/data/orders-0/${name}`;

/** One run of a broker's logs over a disk: `orders-0` has bad luck, `orders-1` must not notice. */
class Run {
  readonly disk: MemoryFileSystem;
  readonly clock = new FakeClock(NOW_MS);
  readonly messages: string[] = [];
  readonly manager: LogManager;

  constructor(
    disk = new MemoryFileSystem(),
    directories = ['/data'],
    hasOtherReplicas?: (topic: string, partition: number) => boolean,
  ) {
    this.disk = disk;
    const say = (message: string): void => void this.messages.push(message);
    for (const directory of directories) disk.mkdirSync(directory);
    const environment = new LogEnvironment({
      fileSystem: disk,
      clock: this.clock,
      random: fixedRandom,
      logger: { ...silentLogger, warn: say, error: say },
      recentBatchesBytes: 1,
    });
    this.manager = new LogManager({
      environment,
      directories,
      config: small,
      topicConfig: () => small,
      ...(hasOtherReplicas === undefined ? {} : { hasOtherReplicas }),
    });
  }

  /** Both partitions with ten records, closed or killed. */
  static async filled(end: 'closed' | 'killed'): Promise<MemoryFileSystem> {
    const run = new Run();
    await run.manager.load();
    for (const log of run.both()) for (let i = 0; i < 10; i++) append(log, i);
    await run.clock.advance();
    if (end === 'closed') await run.manager.shutdown(1);
    else run.manager.abandon();
    return run.disk;
  }

  both(): UnifiedLog[] {
    return [0, 1].map((partition) => this.manager.getOrCreate('orders', partition, options));
  }

  /** The other partition has everything and takes more. */
  async checkWitness(): Promise<void> {
    const witness = this.manager.getOrCreate('orders', 1, options);
    expect(contents(witness).slice(0, 10)).toEqual(all);
    const before = witness.logEndOffset;
    append(witness, before);
    await this.clock.advance();
    expect(witness.logEndOffset).toBe(before + 1);
  }

  failOn(operations: readonly FileOperation[], pattern: RegExp, code: string): void {
    this.disk.onCall = (operation, path) => {
      if (operations.includes(operation) && pattern.test(path)) throw systemError(code, operation, path);
    };
  }
}

function append(log: UnifiedLog, sequence: number, onWritten?: (code: number | undefined) => void): void {
  const records = batchOf([`value ${sequence}`], { ...producer, baseSequence: sequence });
  log.appendAsLeader(records, 0, { onWritten: (error) => onWritten?.(error?.code) });
}

const overwrite = (disk: MemoryFileSystem, name: string, bytes: Buffer): void =>
  disk.writeFileAtomicSync(damaged(name), bytes);
const read = (disk: MemoryFileSystem, name: string): Buffer => disk.readFileSync(damaged(name));

type Damage = (disk: MemoryFileSystem) => void;

/** Where nothing was lost everything is served; where a file is gone, all the rest. */
const survivable: readonly (readonly [what: string, damage: Damage, expected: readonly string[]])[] = [
  ['an index that leads past the end', (disk) => overwrite(disk, `${second}.index`, hex('00000001000fffff')), all],
  ['an index that leads into a batch', (disk) => overwrite(disk, `${second}.index`, hex('0000000100000003')), all],
  ['an index of other offsets', (disk) => overwrite(disk, `${second}.index`, hex('7fffffff00000050')), all],
  ['an index of nonsense', (disk) => overwrite(disk, `${second}.index`, Buffer.alloc(29, 0x5a)), all],
  ['a time index of nonsense', (disk) => overwrite(disk, `${second}.timeindex`, Buffer.alloc(31, 0x5a)), all],
  [
    'a segment that is missing',
    (disk) => ['log', 'index', 'timeindex'].forEach((kind) => disk.unlinkSync(damaged(`${second}.${kind}`))),
    [...all.slice(0, 4), ...all.slice(8)],
  ],
  [
    'a segment without its second batch',
    (disk) => {
      const bytes = read(disk, `${second}.log`);
      const size = bytes.length / 4;
      overwrite(disk, `${second}.log`, Buffer.concat([bytes.subarray(0, size), bytes.subarray(2 * size)]));
    },
    all.filter((record) => record !== '5:value 5'),
  ],
  [
    'two segments that overlap',
    (disk) => {
      const next = read(disk, `${second}.log`);
      const bytes = [read(disk, `${first}.log`), next.subarray(0, next.length / 2)];
      overwrite(disk, `${first}.log`, Buffer.concat(bytes));
    },
    all,
  ],
  [
    'a snapshot with a wrong CRC',
    (disk) => {
      for (const path of disk.paths.filter((name) => /orders-0.*\.snapshot$/.test(name))) {
        const bytes = disk.readFileSync(path);
        bytes[bytes.length - 1]! ^= 1;
        disk.writeFileAtomicSync(path, bytes);
      }
    },
    all,
  ],
];

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}

describe.each(['closed', 'killed'] as const)('a log that was %s and has', (end) => {
  it.each(survivable)('%s is served as far as it is there', async (_what, damage, expected) => {
    const disk = await Run.filled(end);
    damage(disk);
    const run = new Run(disk);
    await run.manager.load();
    const log = run.manager.getOrCreate('orders', 0, options);
    expect(contents(log)).toEqual(expected);
    for (const record of expected) {
      const offset = Number(record.split(':')[0]);
      expect(contents(log, offset)[0]).toBe(record);
    }
    expect(log.fetchOffsetByTimestamp(NOW_MS)).toMatchObject({ offset: 0 });
    // Its producer is known: what it sends again is not appended again, and it goes on.
    append(log, 9);
    append(log, 10);
    await run.clock.advance();
    expect(contents(log)).toEqual([...expected, '10:value 10']);
    await run.checkWitness();
  });
});

describe('a log that was killed and lacks a segment', () => {
  it('drops what lies behind where other brokers have it all: it is fetched again', async () => {
    const disk = await Run.filled('killed');
    for (const kind of ['log', 'index', 'timeindex']) disk.unlinkSync(damaged(`${second}.${kind}`));
    const run = new Run(disk, ['/data'], (_topic, partition) => partition === 0);
    await run.manager.load();
    expect(contents(run.both()[0]!)).toEqual(all.slice(0, 4));
    expect(run.messages).toEqual([
      expect.stringMatching(/^Dropped .*0008.log: the end of the log before it is missing/),
    ]);
    await run.checkWitness();
  });
});

describe('a log whose folder or file may not be read', () => {
  it.each([
    ['the folder', ['readdir'], /orders-0$/],
    ['the last segment', ['open'], new RegExp(`orders-0/${third}\\.log$`)],
  ] as const)('%s: is offline with a reason, the others serve', async (_what, operations, pattern) => {
    const run = new Run(await Run.filled('closed'));
    run.failOn(operations, pattern, 'EACCES');
    await run.manager.load();
    expect(codeOf(() => run.both())).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(run.messages).toEqual([
      expect.stringMatching(/^Opening the log in \/data\/orders-0 failed: EACCES.*offline/),
    ]);
    await run.checkWitness();
    run.disk.onCall = undefined;
    await run.manager.shutdown(1);
    const again = new Run(run.disk);
    await again.manager.load();
    expect(contents(again.both()[0]!)).toEqual(all);
  });

  it('an older segment: says so when it is read, the others serve', async () => {
    const run = new Run(await Run.filled('closed'));
    run.failOn(['open'], new RegExp(`orders-0/${first}\\.log$`), 'EACCES');
    await run.manager.load();
    const log = run.both()[0]!;
    expect(codeOf(() => log.read(0, 100))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(run.messages).toEqual([expect.stringMatching(/^Reading orders-0 failed: EACCES/)]);
    expect(contents(log, 4)).toEqual(all.slice(4));
    await run.checkWitness();
  });

  it('a whole log directory: is offline, the other one serves', async () => {
    const disk = new MemoryFileSystem();
    const run = new Run(disk, ['/bad', '/data']);
    run.failOn(['readdir'], /^\/bad$/, 'EACCES');
    await run.manager.load();
    const log = run.manager.getOrCreate('orders', 1, options);
    expect(log.directory).toBe('/data/orders-1');
    expect(run.messages.join()).toMatch(/log directory \/bad .*EACCES/);
  });
});

describe('a log in use', () => {
  it('on a disk that is full in the middle of an append refuses that and nothing else', async () => {
    const run = new Run();
    await run.manager.load();
    const [log] = run.both();
    for (let i = 0; i < 10; i++) append(log!, i);
    for (let i = 0; i < 10; i++) append(run.both()[1]!, i);
    await run.clock.advance();
    run.disk.capacityBytes = run.disk.usedBytes + 40;
    const codes: unknown[] = [];
    append(log!, 10, (code) => codes.push(code));
    await run.clock.advance();
    expect(codes).toEqual([ErrorCode.KAFKA_STORAGE_ERROR]);
    expect(run.messages).toEqual([expect.stringMatching(/no space left for orders-0 in \/data\/orders-0: ENOSPC/)]);
    expect(contents(log!)).toEqual(all);
    run.disk.capacityBytes = Infinity;
    append(log!, 10, (code) => codes.push(code));
    await run.clock.advance();
    expect(codes[1]).toBeUndefined();
    await run.checkWitness();
    run.manager.abandon();
    const again = new Run(run.disk);
    await again.manager.load();
    expect(contents(again.both()[0]!)).toEqual([...all, '10:value 10']);
  });

  it('whose file vanishes takes no more records that would be lost, and says so', async () => {
    const run = new Run(await Run.filled('closed'));
    await run.manager.load();
    const [log, witness] = run.both();
    run.disk.unlinkSync(damaged(`${third}.log`));
    append(log!, 10);
    append(witness!, 10);
    await run.clock.advance(1000);
    expect(codeOf(() => append(log!, 11))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(run.messages).toEqual([
      `Writing the index of orders-0 failed: ${damaged(`${third}.log`)} has vanished; the partition is offline`,
    ]);
    await run.checkWitness();
    await run.manager.shutdown(1);
    const again = new Run(run.disk);
    await again.manager.load();
    expect(contents(again.both()[0]!)).toEqual(all.slice(0, 8));
  });

  it('whose older file vanishes says so when it is read', async () => {
    const run = new Run(await Run.filled('closed'));
    await run.manager.load();
    const [log] = run.both();
    run.disk.unlinkSync(damaged(`${first}.log`));
    expect(codeOf(() => log!.read(0, 100))).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(run.messages).toEqual([expect.stringMatching(/^Reading orders-0 failed: ENOENT/)]);
    expect(contents(log!, 4)).toEqual(all.slice(4));
    await run.checkWitness();
  });

  it('while the clock jumps back goes on, and deletes and forgets nothing', async () => {
    const run = new Run();
    await run.manager.load();
    const [log] = run.both();
    for (const each of run.both()) for (let i = 0; i < 10; i++) append(each, i);
    await run.clock.advance();
    run.clock.setWallClock(NOW_MS - 30 * DAY_MS);
    log!.updateHighWatermark(10);
    expect(log!.deleteOldSegments(run.clock.nowMs())).toBe(0);
    log!.producers.removeExpired(run.clock.nowMs());
    const late = batchOf([{ value: Buffer.from('late'), timestamp: run.clock.nowMs() }], {
      ...producer,
      baseSequence: 10,
    });
    log!.appendAsLeader(late, 0);
    await run.clock.advance(600_000);
    expect(contents(log!)).toEqual([...all, '10:late']);
    expect(log!.fetchOffsetByTimestamp(NOW_MS)).toMatchObject({ offset: 0 });
    expect(log!.fetchOffsetByTimestamp(NOW_MS + 1)).toBeUndefined();
    // What a client with the right time sends is too far ahead now; that is said, and nothing else breaks.
    expect(codeOf(() => append(log!, 11))).toBe(ErrorCode.INVALID_TIMESTAMP);
    log!.updateConfig(config({ 'message.timestamp.type': 'LogAppendTime', 'segment.ms': '1000' }));
    append(log!, 11);
    await run.clock.advance();
    run.manager.abandon();
    const again = new Run(run.disk);
    again.clock.setWallClock(NOW_MS - 60 * DAY_MS);
    await again.manager.load();
    expect(contents(again.both()[0]!)).toEqual([...all, '10:late', '11:value 11']);
    expect(again.both()[0]!.activeProducers()).toMatchObject([{ lastSequence: 11 }]);
  });
});
