import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { AssignReplicasToDirsRequest } from '../../../../extension/protocol/generated/assign-replicas-to-dirs-request.ts';
import { AssignmentsManager } from '../../../../extension/engine/broker/assignments-manager.ts';
import type { MovedReplica } from '../../../../extension/engine/broker/log-dir-move.ts';
import { ReplicaAlterLogDirsManager } from '../../../../extension/engine/broker/replica-alter-log-dirs-manager.ts';
import { finishAbandonedMoves } from '../../../../extension/engine/broker/stray-logs.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import { writeMetaProperties } from '../../../../extension/engine/log/meta-properties.ts';
import { EMPTY_IMAGE, type MetadataImage } from '../../../../extension/engine/metadata/metadata-image.ts';
import type { PartitionLog } from '../../../../extension/engine/log/partition-log.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, codeOf, config, contents } from '../log/log-fixture.ts';
import { replay } from '../metadata/metadata-fixture.ts';

const TOPIC_ID = 'AbCdEfGhIjKlMnOpQrStUg';
const DIRECTORIES = new Map([
  ['/a', Buffer.from('directory-of-a-1').toString('base64url')],
  ['/b', Buffer.from('directory-of-b-2').toString('base64url')],
  ['/c', Buffer.from('directory-of-c-3').toString('base64url')],
]);
const idOf = (path: string): string => DIRECTORIES.get(path)!;

/** Metadata in which broker 1 has `t-0` in a directory. */
function imageWith(directoryId: string): MetadataImage {
  const partition = {
    topicId: TOPIC_ID,
    partitionId: 0,
    replicas: [1],
    isr: [1],
    removingReplicas: [],
    addingReplicas: [],
  };
  return replay(EMPTY_IMAGE, [
    { type: 'TOPIC_RECORD', version: 0, data: { name: 't', topicId: TOPIC_ID } },
    {
      type: 'PARTITION_RECORD',
      version: 2,
      data: { ...partition, leader: 1, leaderEpoch: 0, partitionEpoch: 0, directories: [directoryId] },
    },
  ]);
}

/** A replica as the partition of a broker is one. */
class Replica implements MovedReplica {
  readonly topic = 't';
  readonly topicId = TOPIC_ID;
  readonly partition = 0;
  readonly #watchers = new Set<() => void>();
  log: PartitionLog;

  constructor(log: PartitionLog) {
    this.log = log;
    this.replaceLog(log);
  }

  watch(fn: () => void): () => void {
    this.#watchers.add(fn);
    return () => void this.#watchers.delete(fn);
  }

  replaceLog(log: PartitionLog): void {
    this.log.setListener({});
    this.log = log;
    const changed = (): void => {
      for (const watcher of [...this.#watchers]) watcher();
    };
    log.setListener({ onLogEndAdvanced: changed, onFailed: changed });
  }

  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** A broker with three directories, its replica `t-0` in /a, and a controller that the test answers for. */
class Broker {
  readonly clock = new FakeClock();
  readonly logs: LogManager;
  readonly directories: ReplicaAlterLogDirsManager;
  readonly replica: Replica;
  readonly messages: string[] = [];
  /** Directories that the controller was told, in order. */
  readonly told: string[] = [];
  /** What the controller answers; undefined: nothing yet. */
  answer: number | undefined = ErrorCode.NONE;
  maxBytesPerSecond = Infinity;
  #waiting: (() => void)[] = [];

  private constructor(logs: LogManager, environment: LogEnvironment, clock: FakeClock) {
    this.clock = clock;
    this.logs = logs;
    const assignments = new AssignmentsManager({
      controller: { assignReplicasToDirs: (request) => this.#assign(request) },
      clock,
      logger: silentLogger,
      brokerId: 1,
      brokerEpoch: () => 7,
      isSupported: () => true,
      hasReplica: () => true,
    });
    this.directories = new ReplicaAlterLogDirsManager({
      ...{ logs, assignments, clock, lent: environment.lentMemory },
      logger: { ...silentLogger, warn: (m) => this.messages.push(m), error: (m) => this.messages.push(m) },
      maxBytesPerSecond: () => this.maxBytesPerSecond,
    });
    const create = { topicId: TOPIC_ID, config: config(), directoryId: idOf('/a') };
    this.replica = new Replica(logs.getOrCreate('t', 0, create));
  }

  /** `assigned`: the directory that the controller knows the replica in. */
  static async start(
    disk = new MemoryFileSystem(),
    unusable = new Map<string, unknown>(),
    assigned = '/a',
  ): Promise<Broker> {
    for (const [path, directoryId] of DIRECTORIES) {
      disk.mkdirSync(path);
      writeMetaProperties(disk, path, { clusterId: 'c', nodeId: 1, directoryId });
    }
    let next = disk.paths.length;
    const clock = new FakeClock();
    const environment = new LogEnvironment({
      fileSystem: disk,
      clock,
      random: { int: () => 0, bytes: (length) => Buffer.alloc(length, ++next) },
      logger: silentLogger,
    });
    let broker: Broker | undefined = undefined;
    const logs = new LogManager({
      ...{ environment, unusable },
      directories: [...DIRECTORIES.keys()],
      config: config(),
      assignedDirectory: () => idOf(assigned),
      onDirectoryFailed: () => (broker as Broker | undefined)?.onDirectoryFailed(),
    });
    await logs.load();
    finishAbandonedMoves(logs, imageWith(idOf(assigned)), 1, silentLogger);
    broker = new Broker(logs, environment, clock);
    return broker;
  }

  async #assign(request: AssignReplicasToDirsRequest) {
    this.told.push(...request.directories.map(({ id }) => [...DIRECTORIES].find(([, known]) => known === id)![0]));
    if (this.answer === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const errorCode = this.answer ?? ErrorCode.NONE;
    return { throttleTimeMs: 0, errorCode, directories: request.directories.map((each) => ({
      id: each.id,
      topics: each.topics.map(({ topicId, partitions }) => ({
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: ErrorCode.NONE })),
      })),
    })) }; // prettier-ignore
  }

  /** The controller answers what it has not yet. */
  release(errorCode: number = ErrorCode.NONE): void {
    this.answer = errorCode;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  onDirectoryFailed(): void {
    this.directories.onDirectoryFailed();
    if (this.logs.get('t', 0) === undefined) this.directories.onDropped(this.replica);
  }

  get log(): UnifiedLog {
    return this.logs.get('t', 0)!;
  }

  get place(): string {
    return this.log.directory;
  }

  async write(...values: string[]): Promise<void> {
    for (const value of values) this.log.appendAsLeader(batchOf([value]), this.log.latestEpoch ?? 0);
    await this.clock.advance();
    this.log.updateHighWatermark(this.log.logEndOffset);
  }

  alter(path: string): void {
    this.directories.alter('t', 0, path, () => this.replica);
  }

  /** Until nothing happens any more without time. */
  async rest(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      await this.clock.advance();
      await settle();
    }
  }
}

describe('a replica that is moved', () => {
  it('is copied, told to the controller, and then serves from the other directory', async () => {
    const broker = await Broker.start();
    await broker.write('a', 'b', 'c');
    broker.alter('/b');
    await broker.rest();
    expect(broker.told).toEqual(['/b']);
    expect(broker.place).toBe('/b/t-0');
    expect(broker.replica.log).toBe(broker.log);
    expect(contents(broker.log)).toEqual(['0:a', '1:b', '2:c']);
    expect([broker.log.highWatermark, broker.log.topicId]).toEqual([3, TOPIC_ID]);
    expect(broker.logs.moves.get('t', 0)).toBeUndefined();
    await broker.write('d');
    expect(contents(broker.log, 3)).toEqual(['3:d']);
    expect(broker.messages).toEqual([]);
  });

  it('serves from where it is until the controller has agreed, and misses nothing that is written meanwhile', async () => {
    const broker = await Broker.start();
    broker.answer = undefined;
    await broker.write('a');
    broker.alter('/b');
    await broker.rest();
    expect([broker.place, broker.told]).toEqual(['/a/t-0', ['/b']]);
    await broker.write('b', 'c');
    await broker.rest();
    expect(contents(broker.logs.moves.get('t', 0)!.log)).toEqual(['0:a', '1:b', '2:c']);
    broker.log.appendAsLeader(batchOf(['d']), 0);
    broker.release();
    await broker.rest();
    expect(broker.place).toBe('/b/t-0');
    expect(contents(broker.log)).toEqual(['0:a', '1:b', '2:c', '3:d']);
  });

  it('stays while the controller refuses, and asks again', async () => {
    const broker = await Broker.start();
    broker.answer = ErrorCode.NOT_CONTROLLER;
    await broker.write('a');
    broker.alter('/b');
    await broker.rest();
    expect(broker.place).toBe('/a/t-0');
    broker.answer = ErrorCode.NONE;
    await broker.clock.advance(1000);
    await broker.rest();
    expect(broker.place).toBe('/b/t-0');
  });

  it('is copied in steps, with its batches whole, and no faster than it may', async () => {
    const broker = await Broker.start();
    const large = Buffer.alloc(700_000, 'x').toString();
    await broker.write(large, large, large, large);
    broker.maxBytesPerSecond = 700_000;
    broker.alter('/b');
    await broker.rest();
    expect(broker.logs.moves.get('t', 0)!.log.logEndOffset).toBe(1);
    await broker.clock.advance(1100);
    await broker.rest();
    expect(broker.logs.moves.get('t', 0)!.log.logEndOffset).toBe(2);
    for (let i = 0; i < 5; i++) {
      await broker.clock.advance(1100);
      await broker.rest();
    }
    expect([broker.place, broker.log.logEndOffset]).toEqual(['/b/t-0', 4]);
  });

  it('is cut in the copy where it was cut in the log, by leader epochs', async () => {
    const broker = await Broker.start();
    broker.answer = undefined;
    for (const value of ['a', 'b']) broker.log.appendAsLeader(batchOf([value]), 1);
    broker.log.appendAsLeader(batchOf(['c', 'd']), 2);
    await broker.clock.advance();
    broker.alter('/b');
    await broker.rest();
    expect(broker.logs.moves.get('t', 0)!.log.logEndOffset).toBe(4);
    // A new leader's log parts from this one within epoch 1.
    broker.log.truncateTo(1);
    const [first] = contents(broker.log);
    broker.log.appendAsLeader(batchOf(['x', 'y', 'z']), 3);
    await broker.clock.advance();
    await broker.rest();
    const future = broker.logs.moves.get('t', 0)!.log;
    expect(contents(future)).toEqual(contents(broker.log));
    expect(first).toBe('0:a');
    expect(future.epochs.entries).toEqual(broker.log.epochs.entries);
    broker.release();
    await broker.rest();
    expect(broker.place).toBe('/b/t-0');
  });

  it('takes epochs along that began without a record', async () => {
    const broker = await Broker.start();
    await broker.write('a');
    broker.log.assignEpochStartOffset(5, 1);
    broker.alter('/b');
    await broker.rest();
    expect(broker.log.epochs.entries).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 5, startOffset: 1 },
    ]);
  });

  it('begins anew where retention took away what the copy still lacked', async () => {
    const broker = await Broker.start();
    broker.answer = undefined;
    await broker.write('a', 'b', 'c');
    const large = Buffer.alloc(900_000, 'x').toString();
    broker.maxBytesPerSecond = 1_000_000;
    await broker.write(large, large);
    broker.alter('/b');
    await broker.rest();
    const before = broker.logs.moves.get('t', 0)!.log.logEndOffset;
    expect(before).toBeLessThan(5);
    broker.log.incrementLogStartOffset(5, 'clientDelete');
    await broker.write('end');
    await broker.clock.advance(5000);
    await broker.rest();
    const { log: future } = broker.logs.moves.get('t', 0)!;
    expect([future.logStartOffset, future.logEndOffset]).toEqual([5, 6]);
    broker.release();
    await broker.rest();
    expect(contents(broker.log)).toEqual(['5:end']);
  });

  it('can be called back, and sent elsewhere, and the controller hears of it', async () => {
    const broker = await Broker.start();
    broker.answer = undefined;
    await broker.write('a');
    broker.alter('/b');
    await broker.rest();
    broker.alter('/c');
    expect(broker.logs.moves.get('t', 0)?.directory.path).toBe('/c');
    broker.release();
    await broker.rest();
    expect(broker.place).toBe('/c/t-0');
    expect(broker.told).toEqual(['/b', '/c']);

    broker.answer = undefined;
    broker.alter('/b');
    await broker.rest();
    broker.alter('/c');
    expect(broker.logs.moves.get('t', 0)).toBeUndefined();
    broker.release();
    await broker.rest();
    expect([broker.place, broker.told.at(-1)]).toEqual(['/c/t-0', '/c']);
    expect(contents(broker.log)).toEqual(['0:a']);
  });

  it('waits while the other disk is full', async () => {
    const disk = new MemoryFileSystem();
    const broker = await Broker.start(disk);
    await broker.write('a', 'b');
    disk.onCall = (operation, path) => {
      if (operation === 'write' && path.startsWith('/b')) throw systemError('ENOSPC', 'write', path);
    };
    broker.alter('/c');
    await broker.rest();
    expect(broker.place).toBe('/c/t-0');
    broker.directories.alter('t', 0, '/a', () => broker.replica);
    await broker.rest();
    expect(broker.place).toBe('/a/t-0');
    disk.onCall = (operation, path) => {
      if (operation === 'write' && /^\/b\/.*\.log$/.test(path)) throw systemError('ENOSPC', 'write', path);
    };
    broker.alter('/b');
    await broker.rest();
    expect(broker.place).toBe('/a/t-0');
    expect(broker.messages.join()).toMatch(/goes on in a moment.*no space/i);
    disk.onCall = undefined;
    await broker.clock.advance(1000);
    await broker.rest();
    expect(broker.place).toBe('/b/t-0');
    expect(contents(broker.log)).toEqual(['0:a', '1:b']);
  });

  it.each(['while it is copied', 'after the controller was told'])(
    'stays when the other disk fails %s',
    async (when) => {
      const disk = new MemoryFileSystem();
      const broker = await Broker.start(disk);
      await broker.write('a');
      broker.answer = undefined;
      if (when === 'after the controller was told') {
        broker.alter('/b');
        await broker.rest();
        await broker.write('b');
      }
      disk.onCall = (operation, path) => {
        if (path.startsWith('/b/') && operation !== 'mkdir' && operation !== 'open')
          throw systemError('EIO', operation, path);
      };
      if (when === 'while it is copied') expect(() => broker.alter('/b')).not.toThrow(TypeError);
      await broker.write('c');
      await broker.rest();
      expect(broker.logs.moves.get('t', 0)).toBeUndefined();
      broker.release();
      await broker.rest();
      expect(broker.place).toBe('/a/t-0');
      expect(broker.log.isInService).toBe(true);
      if (when !== 'while it is copied') expect(broker.told).toEqual(['/b', '/a']);
    },
  );
});

it('a replica whose own disk fails when the controller has it in the other directory is told to be where it was', async () => {
  const disk = new MemoryFileSystem();
  const broker = await Broker.start(disk);
  await broker.write('a');
  broker.answer = undefined;
  broker.alter('/b');
  await broker.rest();
  expect(broker.told).toEqual(['/b']);
  disk.onCall = (operation, path) => {
    if (path.startsWith('/a')) throw systemError('EIO', operation, path);
  };
  broker.log.appendAsLeader(batchOf(['lost']), 0);
  broker.release();
  await broker.rest();
  expect(broker.logs.get('t', 0)).toBeUndefined();
  expect(broker.told).toEqual(['/b', '/a']);
  // What there is of the copy stays for the next start.
  expect(contents(broker.logs.moves.get('t', 0)!.log)).toEqual(['0:a']);
});

describe('AlterReplicaLogDirs', () => {
  const refusing = (code: number) => (): MovedReplica => {
    throw new ApiError(code);
  };

  it('refuses as Apache Kafka does', async () => {
    const broker = await Broker.start(undefined, new Map([['/c', new Error('gone')]]));
    const { directories, replica } = broker;
    const alter = (topic: string, path: string, hosted: () => MovedReplica = () => replica): number | string =>
      codeOf(() => directories.alter(topic, 0, path, hosted));
    expect(alter('t', '/elsewhere')).toBe(ErrorCode.LOG_DIR_NOT_FOUND);
    expect(alter('t', '/c')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(alter('x'.repeat(240), '/b')).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(alter('u', '/b', refusing(ErrorCode.NOT_LEADER_OR_FOLLOWER))).toBe(ErrorCode.REPLICA_NOT_AVAILABLE);
    expect(alter('v', '/b', refusing(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(alter('t', '/a')).toBe('no error');
  });

  it('remembers where a replica that is yet to be made shall go', async () => {
    const broker = await Broker.start();
    codeOf(() => broker.directories.alter('v', 3, '/c', refusing(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)));
    broker.logs.getOrCreate('v', 3, { topicId: TOPIC_ID, config: config(), directoryId: undefined });
    expect(broker.logs.directoryOf('v', 3)?.path).toBe('/c');
  });
});

describe('a replica whose place the controller does not know', () => {
  it('is announced', async () => {
    const broker = await Broker.start();
    broker.directories.onPartition(broker.replica, idOf('/a'));
    await broker.rest();
    expect(broker.told).toEqual([]);
    broker.directories.onPartition(broker.replica, 'AAAAAAAAAAAAAAAAAAAAAA');
    await broker.rest();
    expect(broker.told).toEqual(['/a']);
  });

  it('is not when it is on its way', async () => {
    const broker = await Broker.start();
    broker.answer = undefined;
    await broker.write('a');
    broker.alter('/b');
    await broker.rest();
    broker.directories.onPartition(broker.replica, idOf('/b'));
    await broker.rest();
    expect(broker.told).toEqual(['/b']);
  });
});

describe('a stop in the middle of a move', () => {
  let seed = 1;
  const choose = (bound: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return bound === 0 ? 0 : seed % (bound + 1);
  };
  afterEach(() => {
    seed = 1;
  });

  it.each([true, false])('at any call of the disk loses nothing that was flushed (power lost: %s)', async (power) => {
    for (let stopAt = 1; stopAt < 400; stopAt += 1) {
      const disk = new MemoryFileSystem();
      const broker = await Broker.start(disk);
      await broker.write('a', 'b', 'c');
      broker.log.flush();
      let calls = 0;
      disk.onCall = (operation, path) => {
        if (++calls >= stopAt) throw systemError('EIO', operation, path);
      };
      codeOf(() => broker.alter('/b'));
      await broker.rest();
      const wasDone = calls < stopAt;
      broker.directories.stop();
      broker.logs.abandon();
      disk.onCall = undefined;
      if (power) disk.losePower(choose);

      const assigned = broker.told.at(-1) ?? '/a';
      const again = await Broker.start(disk, undefined, assigned);
      again.directories.onPartition(again.replica, idOf(assigned));
      await again.rest();
      expect({ stopAt, found: contents(again.log) }).toEqual({ stopAt, found: ['0:a', '1:b', '2:c'] });
      // The controller and the disk agree in the end, and nothing is left half-way.
      expect([again.place, again.logs.moves.get('t', 0)]).toEqual([`${again.told.at(-1) ?? assigned}/t-0`, undefined]);
      if (wasDone) return expect(stopAt).toBeGreaterThan(10);
    }
    throw new Error('the move takes more calls than were tried');
  });
});
