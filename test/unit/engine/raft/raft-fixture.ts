import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { Logger } from '../../../../extension/engine/common/logger.ts';
import type { Random } from '../../../../extension/engine/common/random.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { openLog } from '../../../../extension/engine/log/log-loader.ts';
import { formatLogDirs, METADATA_LOG } from '../../../../extension/engine/raft/driver/format-directory.ts';
import { RaftDriver } from '../../../../extension/engine/raft/driver/raft-driver.ts';
import type { RaftDriverOptions } from '../../../../extension/engine/raft/driver/raft-driver-options.ts';
import type {
  CommittedBatch,
  LeaderAndEpoch,
  RaftListener,
  SnapshotSource,
} from '../../../../extension/engine/raft/raft-ports.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';

export const LOG_DIR = '/data/broker-1';
export const METADATA_DIR = `${LOG_DIR}/${METADATA_LOG}`;
export const CLUSTER_ID = 'cluster-of-the-tests';
export const NOW_MS = 1_700_000_000_000;

/** The same bytes every time. */
export function fixedRandom(): Random {
  let next = 0;
  return { int: () => 0, bytes: (length) => Buffer.alloc(length, ++next) };
}

/** Writes down what it is told. */
export class Recorder implements RaftListener {
  /** Values of committed records, and `snapshot <offset>-<epoch>: …`. */
  readonly seen: string[] = [];
  readonly leaders: LeaderAndEpoch[] = [];
  /** What happened, in order: `commit`, `leader`, `snapshot`. */
  readonly order: string[] = [];
  onCommitted: ((batch: CommittedBatch) => void) | undefined;

  onCommit(batches: readonly CommittedBatch[]): void {
    for (const batch of batches) {
      this.order.push('commit');
      batch.records.forEach((record, index) => this.seen.push(`${batch.baseOffset + index}:${record.toString()}`));
      this.onCommitted?.(batch);
    }
  }

  onLoadSnapshot(snapshot: SnapshotSource): void {
    this.order.push('snapshot');
    const values = [...snapshot.batches()].flat().map((record) => record.toString());
    this.seen.push(`snapshot ${snapshot.id.offset}-${snapshot.id.epoch}: ${values.join(' ')}`);
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    this.order.push('leader');
    this.leaders.push(leader);
  }
}

export interface Node {
  readonly raft: RaftDriver;
  readonly listener: Recorder;
  readonly fatal: Error[];
}

export interface NodeOptions extends Partial<RaftDriverOptions> {
  readonly segmentBytes?: number;
  readonly logger?: Logger;
}

/** A machine: a disk and a clock, on which a node is started and stopped. */
export class Machine {
  readonly disk = new MemoryFileSystem();
  readonly clock = new FakeClock(NOW_MS);

  format(bootstrapRecords: readonly Buffer[] = []): string {
    const [meta] = formatLogDirs({
      fileSystem: this.disk,
      clock: this.clock,
      random: fixedRandom(),
      nodeId: 1,
      clusterId: CLUSTER_ID,
      logDirs: [LOG_DIR],
      controllerEndpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 10092 }],
      bootstrapRecords,
    });
    return meta!.directoryId!;
  }

  /** Opens the log; throws what the driver throws. */
  open(options: NodeOptions = {}): Node {
    const { disk, clock } = this;
    const logger = options.logger ?? silentLogger;
    const directoryId = this.format();
    const environment = new LogEnvironment({ fileSystem: disk, clock, random: fixedRandom(), logger });
    const config = parseLogConfig({
      'internal.segment.bytes': String(options.segmentBytes ?? 2 ** 20),
      'file.delete.delay.ms': '0',
      'retention.ms': '-1',
    });
    const fatal: Error[] = [];
    const raft = new RaftDriver({
      nodeId: 1,
      logDir: LOG_DIR,
      directoryId,
      controllerEndpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 10092 }],
      ...{ clock, fileSystem: disk, logger },
      openLog: (directory) => openLog(environment, { topic: '__cluster_metadata', partition: 0, directory, config }),
      onFatal: (error) => fatal.push(error),
      retentionMaxBytes: 2 ** 30,
      retentionMaxMs: Number.MAX_SAFE_INTEGER,
      ...options,
    });
    const listener = new Recorder();
    raft.register(listener);
    return { raft, listener, fatal };
  }

  /** A node that leads. */
  async start(options: NodeOptions = {}): Promise<Node> {
    const node = this.open(options);
    node.raft.start();
    await this.settle();
    return node;
  }

  /** Lets what is queued be written, flushed and committed. */
  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) await this.clock.advance(1);
  }
}

export function records(...values: string[]): Buffer[] {
  return values.map((value) => Buffer.from(value));
}
