import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { systemClock } from '../../extension/engine/common/clock.ts';
import { silentLogger } from '../../extension/engine/common/logger.ts';
import { nodeFileSystem } from '../../extension/engine/common/node-file-system.ts';
import { systemRandom } from '../../extension/engine/common/random.ts';
import { type LogConfig, parseLogConfig } from '../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../extension/engine/log/log-environment.ts';
import { openLog, type OpenLogOptions } from '../../extension/engine/log/log-loader.ts';
import type { WriteCallback } from '../../extension/engine/log/partition-log.ts';
import type { UnifiedLog } from '../../extension/engine/log/unified-log.ts';
import { RecordBatchBuilder } from '../../extension/records/record-batch-builder.ts';
import {
  BASE_OFFSET_AT,
  BASE_TIMESTAMP_AT,
  CRC_AT,
  MAX_TIMESTAMP_AT,
} from '../../extension/records/record-batch-layout.ts';
import * as batch from '../../extension/records/record-batch.ts';
import { writeInt64 } from '../../extension/records/int64.ts';

export const MIB = 1024 * 1024;
/** What a consumer asks of one partition at a time. */
const FETCH_BYTES = MIB;
/** Timestamps of a log that is filled: this one, and 1 ms more for each batch. */
export const FIRST_TIMESTAMP_MS = 1_700_000_000_000;

/** The outside world of a broker's logs: the real disk and clock. */
export function environment(): LogEnvironment {
  return new LogEnvironment({
    fileSystem: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
}

export function openPartition(
  logs: LogEnvironment,
  directory: string,
  raw: Readonly<Record<string, string>> = {},
  more: Partial<OpenLogOptions> = {},
): UnifiedLog {
  fs.mkdirSync(directory, { recursive: true });
  const config: LogConfig = parseLogConfig({ ...raw });
  return openLog(logs, { topic: 'bench', partition: 0, directory, config, hadCleanShutdown: true, ...more });
}

/** A batch of about `sizeBytes`, in records of 100 B. */
export function batchOfSize(sizeBytes: number): Buffer {
  const builder = new RecordBatchBuilder();
  while (builder.count === 0 || builder.sizeBytes + 110 < sizeBytes) {
    builder.append({ key: null, value: Buffer.alloc(100, 97 + (builder.count % 26)), timestamp: FIRST_TIMESTAMP_MS });
  }
  return builder.build();
}

function stamp(bytes: Buffer, timestampMs: number): void {
  writeInt64(bytes, timestampMs, BASE_TIMESTAMP_AT);
  writeInt64(bytes, timestampMs, MAX_TIMESTAMP_AT);
  bytes.writeUInt32BE(batch.computeCrc(bytes, 0), CRC_AT);
}

function seconds(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}

/** The log gives a batch its offset in place; a client's begins at 0. */
function appendAnew(log: UnifiedLog, bytes: Buffer, onWritten?: WriteCallback): void {
  writeInt64(bytes, 0, BASE_OFFSET_AT);
  log.appendAsLeader(bytes, 0, onWritten === undefined ? {} : { onWritten });
}

/** Appends as a broker does: `perTurn` batches arrive in one turn of the event loop and are written at its end. MB/s. */
export async function append(log: UnifiedLog, bytes: Buffer, totalBytes: number, perTurn: number): Promise<number> {
  const count = Math.ceil(totalBytes / bytes.length);
  const startedMs = performance.now();
  for (let sent = 0; sent < count;) {
    const turn = Math.min(perTurn, count - sent);
    sent += turn;
    await new Promise<void>((resolve, reject) => {
      for (let i = 1; i <= turn; i++) {
        const onWritten: WriteCallback | undefined =
          i < turn ? undefined : (error) => (error ? reject(error) : resolve());
        appendAnew(log, bytes, onWritten);
      }
    });
    log.updateHighWatermark(log.logEndOffset);
  }
  return (count * bytes.length) / 1e6 / seconds(startedMs);
}

/** The same bytes, one `writeSync` a batch. MB/s. */
export function writeRaw(path: string, bytes: Buffer, totalBytes: number): number {
  const count = Math.ceil(totalBytes / bytes.length);
  const fd = fs.openSync(path, 'w');
  const startedMs = performance.now();
  for (let i = 0; i < count; i++) fs.writeSync(fd, bytes, 0, bytes.length, i * bytes.length);
  const took = seconds(startedMs);
  fs.closeSync(fd);
  return (count * bytes.length) / 1e6 / took;
}

/** Fills a log with batches of 16 KiB, each 1 ms later than the one before. */
export async function fill(log: UnifiedLog, totalBytes: number): Promise<void> {
  const bytes = batchOfSize(16 * 1024);
  const count = Math.ceil(totalBytes / bytes.length);
  for (let i = 0; i < count; i++) {
    stamp(bytes, FIRST_TIMESTAMP_MS + i);
    appendAnew(log, bytes);
    if (i % 16 < 15) continue;
    log.flushWrites();
    await new Promise((resolve) => setImmediate(resolve));
  }
  log.flushWrites();
  log.updateHighWatermark(log.logEndOffset);
}

/** Reads a log from its start as a consumer does, in fetches of 1 MiB whose memory is given back. MB/s. */
export async function readThrough(logs: LogEnvironment, log: UnifiedLog): Promise<number> {
  const startedMs = performance.now();
  let bytesRead = 0;
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const data = await log.readAsync(offset, FETCH_BYTES, { isolation: 'highWatermark', minOneMessage: true });
    for (const slice of data.records) {
      for (let at = 0; at + 61 <= slice.length && at + batch.batchSize(slice, at) <= slice.length;) {
        offset = batch.lastOffset(slice, at) + 1;
        bytesRead += batch.batchSize(slice, at);
        at += batch.batchSize(slice, at);
      }
      logs.lentMemory.giveBack(slice);
    }
  }
  return bytesRead / 1e6 / seconds(startedMs);
}

/** The same files in pieces of 1 MiB, one `readSync` each into one buffer. MB/s. */
export function readRaw(paths: readonly string[]): number {
  const buffer = Buffer.allocUnsafeSlow(FETCH_BYTES);
  const startedMs = performance.now();
  let bytesRead = 0;
  for (const path of paths) {
    const fd = fs.openSync(path, 'r');
    for (let count = -1; count !== 0; bytesRead += count) count = fs.readSync(fd, buffer, 0, FETCH_BYTES, null);
    fs.closeSync(fd);
  }
  return bytesRead / 1e6 / seconds(startedMs);
}

export function segmentFiles(directory: string): string[] {
  return fs.readdirSync(directory).flatMap((name) => (name.endsWith('.log') ? [`${directory}/${name}`] : []));
}

/** Has the system forget what it holds of files, so that the disk is read. False where that cannot be had (no GNU dd). */
export function dropFromCache(paths: readonly string[]): boolean {
  return paths.every((path) => {
    const fd = fs.openSync(path, 'r+');
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    return spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' }).status === 0;
  });
}

/** How long `action` takes, `count` times: the median and the 99th percentile in ms. */
export function latencies(count: number, action: () => void): { p50: number; p99: number } {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const startedMs = performance.now();
    action();
    samples.push(performance.now() - startedMs);
  }
  samples.sort((a, b) => a - b);
  return { p50: samples[Math.floor(count * 0.5)]!, p99: samples[Math.floor(count * 0.99)]! };
}
