import { readFileSync } from 'node:fs';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { openLog } from '../../../../extension/engine/log/log-loader.ts';
import type { OpenLogOptions } from '../../../../extension/engine/log/log-loader.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { unpackFiles } from '../../../support/file-archive.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';
import { fixedRandom } from './log-fixture.ts';
import { snapshotLines } from './kafka-fixture-lines.ts';

/**
 * Log directories that Apache Kafka wrote (scripts/log-fixtures): `closed` as it left them; `killed` and `damaged`, made
 * worse; `killed-recovered` and `damaged-repaired`, what Kafka made of those when it booted on them and was closed.
 */
export type FixtureDirectory = 'closed' | 'killed' | 'killed-recovered' | 'damaged' | 'damaged-repaired';

function archive(name: string): Map<string, Buffer> {
  return unpackFiles(readFileSync(new URL(`../../../fixtures/log/${name}`, import.meta.url)));
}

/** By path, such as `closed/codecs-0/00000000000000000000.log`. */
export const fixtureFiles: ReadonlyMap<string, Buffer> = archive('directories.gz');
const dumps: ReadonlyMap<string, Buffer> = archive('dumps.gz');

/** When the directories were made. */
export const fixtureMadeMs = Number(fixtureFiles.get('made'));

/** Without the metadata log, which is not opened as these are. */
export const fixtureTopics = [
  'codecs',
  'transactions',
  'compacted',
  'append-time',
  'empty',
  '__consumer_offsets',
  '__transaction_state',
] as const;

export type FixtureTopic = (typeof fixtureTopics)[number];

const small = { 'retention.ms': '-1', 'index.interval.bytes': '150' };

/** As the topics were made. */
const configs: Readonly<Record<FixtureTopic, Record<string, string>>> = {
  codecs: { ...small, 'internal.segment.bytes': '2500' },
  transactions: { ...small, 'internal.segment.bytes': '1200' },
  compacted: { ...small, 'internal.segment.bytes': '1500', 'cleanup.policy': 'compact' },
  'append-time': { ...small, 'internal.segment.bytes': '1000', 'message.timestamp.type': 'LogAppendTime' },
  empty: small,
  __consumer_offsets: { 'cleanup.policy': 'compact' },
  __transaction_state: { 'cleanup.policy': 'compact' },
};

/** What DumpLogSegments said of one partition, line by line, by the name of the file. */
export function dumpOf(directory: FixtureDirectory, partition: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text(`${directory}/${partition}.txt`).split('\n')) {
    const name = /^Dumping .*\/([^/]+)$/.exec(line)?.[1];
    if (name !== undefined) sections.set(name, (lines = []));
    else if (line !== '') lines.push(line);
  }
  return sections;
}

/** Offset, key, value and headers of every record, in hexadecimal; one line each. */
export function contentsOf(directory: FixtureDirectory, partition: string): string[] {
  return text(`${directory}/${partition}.records`).trimEnd().split('\n');
}

function text(name: string): string {
  const bytes = dumps.get(name);
  if (bytes === undefined) throw new Error(`There is no dump ${name}.`);
  return bytes.toString('utf8');
}

/** The files of one partition by their names. */
export function filesOf(directory: FixtureDirectory, partition: string): Map<string, Buffer> {
  const start = `${directory}/${partition}/`;
  const found = [...fixtureFiles].filter(([path]) => path.startsWith(start));
  return new Map(found.map(([path, bytes]) => [path.slice(start.length), bytes]));
}

/** A line `a: 1 b: 2` as an object. */
export function fieldsOf(line: string): Record<string, string> {
  return Object.fromEntries([...line.matchAll(/(\w+): (\S+)/g)].map(([, name, value]) => [name, value]));
}

/** A copy of a partition on a disk in memory. */
export class FixtureCopy {
  readonly disk = new MemoryFileSystem();
  readonly warnings: string[] = [];
  readonly #topic: FixtureTopic;
  readonly #environment: LogEnvironment;

  constructor(directory: FixtureDirectory, topic: FixtureTopic) {
    this.#topic = topic;
    this.disk.mkdirSync(this.path(''));
    for (const [name, bytes] of filesOf(directory, `${topic}-0`)) this.disk.writeFileAtomicSync(this.path(name), bytes);
    const warn = (line: string): void => void this.warnings.push(line);
    this.#environment = new LogEnvironment({
      fileSystem: this.disk,
      clock: new FakeClock(fixtureMadeMs),
      random: fixedRandom,
      logger: { ...silentLogger, warn, error: warn },
    });
  }

  path(name: string): string {
    return name === '' ? `/data/${this.#topic}-0` : `/data/${this.#topic}-0/${name}`;
  }

  open(options: Partial<OpenLogOptions> = {}): UnifiedLog {
    const config = parseLogConfig(configs[this.#topic]);
    const mayHaveGaps = config.isCompacted;
    const where = { topic: this.#topic, partition: 0, directory: this.path('') };
    return openLog(this.#environment, { ...where, config, mayHaveGaps, ...options });
  }

  /** The files by their names now. */
  files(): Map<string, Buffer> {
    const start = this.path('').length + 1;
    return new Map(this.disk.paths.map((path) => [path.slice(start), this.disk.readFileSync(path)]));
  }

  remove(pattern: RegExp): void {
    for (const path of this.disk.paths) if (pattern.test(path)) this.disk.unlinkSync(path);
  }
}

/**
 * The files that count after the next start: without what was deleted and only waits to be removed, without the producer
 * snapshots of former log ends, and without epochs that have no record yet. Producers come in any order. Nothing of files whose
 * names do not match `pattern`.
 */
export function lasting(
  files: ReadonlyMap<string, Buffer>,
  logEndOffset: number,
  pattern = /./,
): Record<string, string | string[]> {
  const names = [...files.keys()];
  const bases = new Set(names.filter((name) => name.endsWith('.log')).map((name) => name.slice(0, 20)));
  const lastSnapshot = names
    .filter((name) => name.endsWith('.snapshot'))
    .sort()
    .at(-1);
  const counts = (name: string, bytes: Buffer): boolean => {
    if (name.endsWith('.snapshot')) return bases.has(name.slice(0, 20)) || name === lastSnapshot;
    // An empty index of aborted transactions is as good as none.
    return !name.endsWith('.deleted') && !(name.endsWith('.txnindex') && bytes.length === 0);
  };
  const kept = [...files].filter(([name, bytes]) => counts(name, bytes) && pattern.test(name));
  return Object.fromEntries(kept.map(([name, bytes]) => [name, contentOf(name, bytes, logEndOffset)]));
}

function contentOf(name: string, bytes: Buffer, logEndOffset: number): string | string[] {
  if (name.endsWith('.snapshot')) return snapshotLines(bytes).filter(isAlive).sort();
  if (name === 'leader-epoch-checkpoint') return epochsBefore(bytes, logEndOffset);
  return bytes.toString('hex');
}

/** Not expired when the directory was made: Kafka forgets those at every segment that it recovers, we do in the end. */
function isAlive(line: string): boolean {
  const { lastTimestamp, currentTxnFirstOffset } = fieldsOf(line);
  return currentTxnFirstOffset !== 'OptionalLong.empty' || Number(lastTimestamp) > fixtureMadeMs - 86_400_000;
}

function epochsBefore(checkpoint: Buffer, offset: number): string[] {
  const entries = checkpoint.toString('utf8').trim().split('\n').slice(2);
  return entries.filter((entry) => Number(entry.split(' ')[1]) < offset);
}
