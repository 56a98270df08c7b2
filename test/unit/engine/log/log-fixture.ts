import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { Random } from '../../../../extension/engine/common/random.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import type { LogConfig } from '../../../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import type { LogEnvironmentOptions } from '../../../../extension/engine/log/log-environment.ts';
import { openLog, recoverLog } from '../../../../extension/engine/log/log-loader.ts';
import type { OpenLogOptions } from '../../../../extension/engine/log/log-loader.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import type { BatchOptions } from '../../../../extension/records/record-batch-builder.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import type { KafkaRecord, NewRecord } from '../../../../extension/records/record.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { readRecords } from '../../../../extension/records/record-reader.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';

export const DIRECTORY = '/data/t-0';
export const NOW_MS = 1_700_000_000_000;

/** Always the smallest choice: no jitter. */
export const fixedRandom: Random = { int: () => 0, bytes: (length) => Buffer.alloc(length, 7) };

export function config(raw: Record<string, string> = {}): LogConfig {
  return parseLogConfig(raw);
}

export interface Fixture {
  readonly disk: MemoryFileSystem;
  readonly clock: FakeClock;
  readonly environment: LogEnvironment;
  open(options?: Partial<OpenLogOptions>): UnifiedLog;
  /** As another thread would, with files of its own. */
  recover(options?: Partial<OpenLogOptions>): void;
}

/** A log directory on a disk in memory, and the environment of one process over it. */
export function fixture(options: Partial<LogEnvironmentOptions> & { disk?: MemoryFileSystem } = {}): Fixture {
  const disk = options.disk ?? new MemoryFileSystem();
  disk.mkdirSync(DIRECTORY);
  const clock = new FakeClock(NOW_MS);
  const plain = { fileSystem: disk, clock, random: fixedRandom, logger: silentLogger };
  const environment = new LogEnvironment({ ...plain, ...options });
  const open = (more: Partial<OpenLogOptions> = {}): UnifiedLog =>
    openLog(environment, { topic: 't', partition: 0, directory: DIRECTORY, config: config(), ...more });
  const recover = (more: Partial<OpenLogOptions> = {}): void => {
    const own = new LogEnvironment({ ...plain, ...options });
    recoverLog(own, { topic: 't', partition: 0, directory: DIRECTORY, config: config(), ...more });
  };
  return { disk, clock, environment, open, recover };
}

/** One batch; records are values (the time is {@link NOW_MS}), or what the builder takes. */
export function batchOf(records: readonly (string | NewRecord)[], options: BatchOptions = {}): Buffer {
  const builder = new RecordBatchBuilder(options);
  for (const record of records) {
    builder.append(typeof record === 'string' ? { value: Buffer.from(record), timestamp: NOW_MS } : record);
  }
  return builder.build();
}

/** The records in slices as a read returns them; a batch that is cut off at the end is left out. */
export function recordsIn(slices: readonly Buffer[]): KafkaRecord[] {
  const bytes = Buffer.concat(slices);
  const records: KafkaRecord[] = [];
  for (let at = 0; at + 61 <= bytes.length && at + batch.batchSize(bytes, at) <= bytes.length;) {
    if (!batch.isControl(bytes, at)) records.push(...readRecords(bytes, at));
    at += batch.batchSize(bytes, at);
  }
  return records;
}

/** Everything readable from `offset` on, as `offset:value`. */
export function contents(log: UnifiedLog, from = log.logStartOffset): string[] {
  const found: string[] = [];
  for (let offset = from; offset < log.logEndOffset;) {
    const records = recordsIn(log.read(offset, 1 << 20).records);
    if (records.length === 0) break;
    for (const record of records) if (record.offset >= offset) found.push(`${record.offset}:${String(record.value)}`);
    offset = records.at(-1)!.offset + 1;
  }
  return found;
}

/** The code of the ApiError or RecordsError that `action` throws. */
export function codeOf(action: () => unknown): number | 'no error' {
  try {
    action();
    return 'no error';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'number') return code;
    throw error;
  }
}
