import { existsSync, readFileSync } from 'node:fs';
import * as batch from '../records/record-batch.ts';
import { RecordsError } from '../records/records-error.ts';
import { clusterTool } from './cluster-tool.ts';
import { batchesOf, batchLine, recordLines, type RecordDecoder } from './dump-log-batches.ts';
import {
  baseOffsetOf,
  offsetEntries,
  offsetMismatches,
  producerSnapshotLines,
  sanityProblem,
  timeEntries,
  timeMismatches,
  transactionIndexLines,
} from './dump-log-indexes.ts';
import { UsageError, type ParsedOptions } from './option-parser.ts';
import { print, writeFully, type ToolIo } from './tool-io.ts';

/** `kafka-dump-log`: what is in the files of a partition's directory. */
export const run = clusterTool({
  about: 'Shows what log segments, indexes, producer snapshots and metadata snapshots hold.',
  options: [
    { name: 'files', argument: 'file,file…', about: 'REQUIRED: files to show, separated by commas.' },
    { name: 'print-data-log', about: 'Print records with their content.' },
    { name: 'deep-iteration', about: 'Print a line per record.' },
    { name: 'skip-record-metadata', about: 'Print only what records hold.' },
    { name: 'index-sanity-check', about: 'Check an index without printing it.' },
    { name: 'verify-index-only', about: 'Check an index against its log without printing it.' },
    { name: 'max-bytes', argument: 'bytes', about: 'Read no more than this of a log.' },
    { name: 'max-message-size', argument: 'bytes', about: 'Accepted.' },
    { name: 'offsets-decoder', about: 'Decode records of __consumer_offsets.' },
    { name: 'transaction-log-decoder', about: 'Decode records of __transaction_state.' },
    { name: 'share-group-state-decoder', about: 'Decode records of __share_group_state.' },
    { name: 'cluster-metadata-decoder', about: 'Decode records of __cluster_metadata.' },
    { name: 'key-decoder-class', argument: 'class', isArgumentOptional: true, about: 'Accepted for text only.' },
    { name: 'value-decoder-class', argument: 'class', isArgumentOptional: true, about: 'Accepted for text only.' },
  ],
  execute: async (options, io) => {
    if (!options.has('files')) throw new UsageError('Missing required argument "[files]"');
    const dump = new Dump(options, io, await decoderOf(options));
    for (const path of options.required('files').split(',')) {
      if (io.signal.aborted) break;
      await dump.file(path.trim());
    }
    dump.reportProblems();
    return 0;
  },
});

const TEXT: RecordDecoder = (key, value) => ({
  key: key === null ? null : key.toString('utf8'),
  value: value === null ? null : value.toString('utf8'),
});

const COORDINATOR_MODULES: Readonly<Record<string, string>> = {
  'offsets-decoder': 'group-coordinator',
  'transaction-log-decoder': 'transaction-coordinator',
  'share-group-state-decoder': 'share-coordinator',
};

const DECODER_OPTIONS = [...Object.keys(COORDINATOR_MODULES), 'cluster-metadata-decoder'];

async function decoderOf(options: ParsedOptions): Promise<RecordDecoder> {
  if (!DECODER_OPTIONS.some((name) => options.has(name))) return TEXT;
  const decoders = await import('./dump-log-decoders.ts');
  if (options.has('cluster-metadata-decoder')) return decoders.metadataDecoder();
  const name = Object.keys(COORDINATOR_MODULES).find((option) => options.has(option))!;
  return decoders.coordinatorDecoder(COORDINATOR_MODULES[name]!);
}

/** What was found wrong in one file, under a heading. */
interface Problem {
  readonly heading: string;
  readonly lines: readonly string[];
}

class Dump {
  readonly #options: ParsedOptions;
  readonly #io: ToolIo;
  readonly #decode: RecordDecoder;
  readonly #problems: Problem[] = [];

  constructor(options: ParsedOptions, io: ToolIo, decode: RecordDecoder) {
    this.#options = options;
    this.#io = io;
    this.#decode = decode;
  }

  async file(path: string): Promise<void> {
    print(this.#io.stdout, `Dumping ${path}`);
    // A segment that is being removed or compacted is `….log.deleted`, `….log.cleaned` or `….log.swap`.
    const suffix = /\.(log|index|timeindex|txnindex|snapshot|checkpoint)(?:\.(?:deleted|cleaned|swap))?$/.exec(
      path,
    )?.[1];
    switch (suffix) {
      case 'log':
        print(this.#io.stdout, `Log starting offset: ${baseOffsetOf(path)}`);
        return this.#log(path);
      case 'checkpoint':
        print(
          this.#io.stdout,
          `Snapshot end offset: ${baseOffsetOf(path)}, epoch: ${Number(/-(\d+)\./.exec(path)?.[1] ?? 0)}`,
        );
        return this.#log(path);
      case 'index':
        return this.#index(path, 'offset');
      case 'timeindex':
        return this.#index(path, 'time');
      case 'txnindex':
        for (const line of transactionIndexLines(path)) print(this.#io.stdout, line);
        return undefined;
      case 'snapshot':
        for (const line of producerSnapshotLines(path)) print(this.#io.stdout, line);
        return undefined;
      default:
        return print(this.#io.stderr, `Ignoring unknown file ${path}`);
    }
  }

  async #log(path: string): Promise<void> {
    const options = this.#options;
    const printsContent = options.has('print-data-log') || DECODER_OPTIONS.some((name) => options.has(name));
    const isDeep = printsContent || options.has('deep-iteration');
    const maxBytes = options.integer('max-bytes');
    const tail = (_position: number, leftBytes: number, reason: string): void =>
      print(this.#io.stdout, `Found ${leftBytes} invalid bytes at the end of ${path}: ${reason}`);
    const settings = { printsContent, skipsMetadata: options.has('skip-record-metadata'), decode: this.#decode };
    let previous = -1;
    const gaps: string[] = [];
    for (const found of batchesOf(
      path,
      { headersOnly: false, ...(maxBytes === undefined ? {} : { maxBytes }) },
      tail,
    )) {
      if (this.#io.signal.aborted) return;
      const lines = [batchLine(found)];
      if (isDeep) lines.push(...this.#records(found.bytes, settings));
      await writeFully(this.#io.stdout, `${lines.join('\n')}\n`);
      const first = batch.baseOffset(found.bytes, 0);
      if (previous >= 0 && first !== previous + 1) gaps.push(`  ${previous} is followed by ${first}`);
      previous = batch.lastOffset(found.bytes, 0);
    }
    if (gaps.length > 0) this.#problems.push({ heading: `Non-consecutive offsets in ${path}`, lines: gaps });
  }

  #records(bytes: Buffer, settings: Parameters<typeof recordLines>[1]): string[] {
    const lines: string[] = [];
    try {
      for (const line of recordLines(bytes, settings)) lines.push(line);
    } catch (error) {
      if (!(error instanceof RecordsError)) throw error;
      lines.push(`| the records cannot be read: ${error.message}`);
    }
    return lines;
  }

  #index(path: string, kind: 'offset' | 'time'): void {
    const { stdout } = this.#io;
    if (this.#options.has('index-sanity-check')) {
      const problem = sanityProblem(path, kind);
      if (problem === undefined) print(stdout, `${path} passed sanity check.`);
      else this.#problems.push({ heading: `${path} failed its sanity check:`, lines: [`  ${problem}`] });
      return;
    }
    const isQuiet = this.#options.has('verify-index-only');
    if (kind === 'offset') {
      const entries = offsetEntries(path);
      if (entries.length === 0) print(stdout, `${path} is empty.`);
      if (!isQuiet)
        for (const { offset, position } of entries) print(stdout, `offset: ${offset} position: ${position}`);
    } else if (!isQuiet) {
      for (const { timestamp, offset } of timeEntries(path)) print(stdout, `timestamp: ${timestamp} offset: ${offset}`);
    }
    this.#verify(path, kind);
  }

  /** Compares an index with the log beside it. */
  #verify(path: string, kind: 'offset' | 'time'): void {
    const logPath = path.replace(/\.(?:time)?index/, '.log');
    if (!existsSync(logPath) || readFileSync(path).length === 0) return;
    if (kind === 'offset') {
      this.#report(`Mismatches in :${path}`, offsetMismatches(path, logPath));
      return;
    }
    const { mismatches, outOfOrder, missing } = timeMismatches(path, logPath);
    this.#report(`Found timestamp mismatch in :${path}`, mismatches);
    this.#report(`Found out of order timestamp in :${path}`, outOfOrder);
    this.#report(`The following indexed offsets are not found in the log. :${path}`, missing);
  }

  #report(heading: string, lines: readonly string[]): void {
    if (lines.length > 0) this.#problems.push({ heading, lines: lines.map((line) => `  ${line}`) });
  }

  reportProblems(): void {
    for (const { heading, lines } of this.#problems) print(this.#io.stderr, [heading, ...lines].join('\n'));
  }
}
