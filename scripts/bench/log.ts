import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LogManager } from '../../extension/engine/log/log-manager.ts';
import { parseLogConfig } from '../../extension/engine/log/log-config.ts';
import { RecordBatchBuilder } from '../../extension/records/record-batch-builder.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import {
  append,
  batchOfSize,
  dropFromCache,
  environment,
  fill,
  FIRST_TIMESTAMP_MS,
  latencies,
  MIB,
  openPartition,
  readRaw,
  readThrough,
  segmentFiles,
  writeRaw,
} from './log-workload.ts';
import { manyPartitions } from './many-partitions.ts';
import { median } from './report.ts';

/** One line of the table. `ratio` is to the raw files, where there is such a thing; `isMet` says whether the aim was. */
interface Row {
  readonly title: string;
  readonly value: string;
  readonly ratio?: number;
  readonly aim?: string;
  readonly isMet?: boolean;
}

export interface LogBenchOptions {
  readonly rounds: number;
  /** Size of the log that is read, searched and recovered. */
  readonly logBytes: number;
  readonly appendBytes: number;
  readonly partitions: number;
}

/** How a turn of the event loop looks in a busy broker: the requests in flight of one producer, or a read full of small ones. */
const workloads = [
  { title: 'Append, batches of 16 KiB, 5 a turn', sizeBytes: 16 * 1024, perTurn: 5, share: 1, aim: 0.7 },
  { title: 'Append, batches of 1 KiB, 64 a turn', sizeBytes: 1024, perTurn: 64, share: 0.25, aim: 0.7 },
  { title: 'Append, batches of 1 KiB, one a turn', sizeBytes: 1024, perTurn: 1, share: 0.1, aim: undefined },
] as const;

const RATIO_AIM = 0.7;
const RECOVERY_AIM = 500;
const LOOK_UP_AIM_MS = 2;
const LOOK_UPS = 5000;
/** Hot reads a round. */
const HOT_READS = 5;
const COMPACTED_SHARE = 0.25;

/** Measures one partition's log against the bare file system, and a broker with very many of them. A Markdown table. */
export async function measureLog(options: LogBenchOptions): Promise<string> {
  await using folder = await temporaryDirectory('bench-log');
  const rows: Row[] = [];
  const steps: [string, () => Promise<Row[]>][] = [
    ['append', () => appends(folder.path, options)],
    ['read, search and recover', () => reads(folder.path, options)],
    ['compact', () => compaction(folder.path, options)],
    ['many partitions', () => manyPartitionRows(options)],
  ];
  for (const [what, step] of steps) {
    console.error(what);
    rows.push(...(await step()));
  }
  return [
    '|  | Measured | To raw files | Aim |',
    '| - | -: | -: | -: |',
    ...rows.map(({ title, value, ratio, aim, isMet }) => {
      const verdict = isMet === undefined ? '' : isMet ? ' ✓' : ' ✗';
      return `| ${title} | ${value} | ${ratio === undefined ? '' : `${ratio.toFixed(2)}×`} | ${aim ?? ''}${verdict} |`;
    }),
  ].join('\n');
}

function compared(title: string, own: readonly number[], raw: readonly number[], aim?: number): Row {
  // Round by round, so that a slow moment of the disk falls on both.
  const ratio = median(own.map((value, round) => value / raw[round]!));
  const isMet = aim === undefined ? {} : { aim: `≥ ${aim}×`, isMet: ratio >= aim };
  return { title, value: `${median(own).toFixed(0)} MB/s`, ratio, ...isMet };
}

async function appends(folder: string, { rounds, appendBytes }: LogBenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { title, sizeBytes, perTurn, share, aim } of workloads) {
    const bytes = batchOfSize(sizeBytes);
    const own: number[] = [];
    const raw: number[] = [];
    // One round more, which compiles.
    for (let round = 0; round <= rounds; round++) {
      const directory = join(folder, `append-${round}-0`);
      const log = openPartition(environment(), directory);
      const ownRate = await append(log, bytes, appendBytes * share, perTurn);
      log.close();
      rmSync(directory, { recursive: true });
      const rawRate = writeRaw(join(folder, 'raw'), bytes, appendBytes * share);
      rmSync(join(folder, 'raw'));
      if (round === 0) continue;
      own.push(ownRate);
      raw.push(rawRate);
    }
    rows.push(compared(title, own, raw, aim));
  }
  return rows;
}

async function reads(folder: string, { rounds, logBytes }: LogBenchOptions): Promise<Row[]> {
  const directory = join(folder, 'large-0');
  const logs = environment();
  const log = openPartition(logs, directory);
  await fill(log, logBytes);
  log.flush();
  const files = segmentFiles(directory);
  const rows: Row[] = [];
  for (const isCold of [false, true]) {
    const own: number[] = [];
    const raw: number[] = [];
    // Hot ones are short, and whoever waits for another thread waits longer while something else runs: more rounds. The first pass of
    // all compiles, and brings the file into caches below the operating system's, of which the second reader would gain.
    for (let round = 0; round <= rounds * (isCold ? 1 : HOT_READS); round++) {
      if (isCold && !dropFromCache(files)) break;
      const ownRate = await readThrough(logs, log);
      if (isCold) dropFromCache(files);
      const rawRate = readRaw(files);
      if (round === 0) continue;
      own.push(ownRate);
      raw.push(rawRate);
    }
    if (own.length > 0) rows.push(compared(`Read in order, ${isCold ? 'cold' : 'hot'}`, own, raw, RATIO_AIM));
  }
  const end = log.logEndOffset;
  const batches = Math.floor(logBytes / batchOfSize(16 * 1024).length);
  readRaw(files);
  const random = (below: number): number => Math.floor(Math.random() * below);
  const byOffset = latencies(LOOK_UPS, () => void log.read(random(end), 1));
  const byTime = latencies(LOOK_UPS, () => void log.fetchOffsetByTimestamp(FIRST_TIMESTAMP_MS + random(batches)));
  for (const [what, { p50, p99 }] of [
    ['offset', byOffset],
    ['time', byTime],
  ] as const) {
    const value = `${p50.toFixed(3)} ms, 99 % ${p99.toFixed(3)} ms`;
    const isMet = p99 < LOOK_UP_AIM_MS;
    rows.push({ title: `Look up by ${what}`, value, aim: `99 % < ${LOOK_UP_AIM_MS} ms`, isMet });
  }
  log.abandon();
  rows.push(recovery(directory, logBytes, rounds));
  rmSync(directory, { recursive: true });
  return rows;
}

/** Everything is checked from the first byte on, as after a loss of power before anything was flushed. */
function recovery(directory: string, logBytes: number, rounds: number): Row {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    openPartition(environment(), directory, {}, { hadCleanShutdown: false, recoveryPoint: 0 }).abandon();
    rates.push(logBytes / 1e6 / ((performance.now() - startedMs) / 1000));
  }
  const rate = median(rates);
  const value = `${rate.toFixed(0)} MB/s`;
  return { title: 'Recover', value, aim: `≥ ${RECOVERY_AIM} MB/s`, isMet: rate >= RECOVERY_AIM };
}

/** Ten versions of each key, in records of 1 KiB. */
async function compaction(folder: string, { logBytes }: LogBenchOptions): Promise<Row[]> {
  const totalBytes = logBytes * COMPACTED_SHARE;
  const directory = join(folder, 'compacted');
  const config = parseLogConfig({
    'cleanup.policy': 'compact',
    'segment.bytes': String(Math.max(MIB, Math.floor(totalBytes / 8))),
    'min.cleanable.dirty.ratio': '0',
  });
  const logs = environment();
  logs.fileSystem.mkdirSync(directory);
  const manager = new LogManager({ environment: logs, directories: [directory], config });
  await manager.load();
  const log = manager.getOrCreate('bench', 0, { topicId: 'AbCdEfGhIjKlMnOpQrStUv', config, directoryId: undefined });
  const value = Buffer.alloc(1000, 'v');
  const keys = Math.ceil(totalBytes / 1024 / 10);
  for (let key = 0; log.sizeBytes < totalBytes;) {
    const builder = new RecordBatchBuilder();
    for (let i = 0; i < 15; i++, key++) {
      builder.append({ key: Buffer.from(`key-${(key * 7919) % keys}`), value, timestamp: FIRST_TIMESTAMP_MS });
    }
    log.appendAsLeader(builder.build(), 0);
    log.flushWrites();
  }
  log.updateHighWatermark(log.logEndOffset);
  log.roll();
  const before = log.sizeBytes;
  const startedMs = performance.now();
  await manager.compact();
  const rate = before / 1e6 / ((performance.now() - startedMs) / 1000);
  const left = Math.round((log.sizeBytes / before) * 100);
  manager.abandon();
  rmSync(directory, { recursive: true });
  return [{ title: 'Compact', value: `${rate.toFixed(0)} MB/s, ${left} % left` }];
}

async function manyPartitionRows({ partitions }: LogBenchOptions): Promise<Row[]> {
  const { startMs, stopMs, idleShare, bytesPerPartition, killedStartMs } = await manyPartitions(partitions);
  const many = `${partitions.toLocaleString('en')} partitions`;
  const kib = bytesPerPartition / 1024;
  return [
    { title: `Start with ${many}`, value: `${(startMs / 1000).toFixed(1)} s`, aim: '< 5 s', isMet: startMs < 5000 },
    { title: `Start with ${many} after SIGKILL`, value: `${(killedStartMs / 1000).toFixed(1)} s` },
    { title: `Stop with ${many}, all written to`, value: `${(stopMs / 1000).toFixed(1)} s` },
    { title: `Idle with ${many}`, value: `${(idleShare * 100).toFixed(1)} % of a processor` },
    {
      title: 'Memory for a partition',
      value: `${kib.toFixed(1)} KiB`,
      aim: '< 15 KB',
      isMet: bytesPerPartition < 15e3,
    },
  ];
}
