import type { SegmentFileKind } from '../../shared/segment-contract.ts';

/** What a path tells about a file of a Kafka log directory. */
export interface SegmentName {
  readonly kind: SegmentFileKind;
  /** The first offset, from the file's name. */
  readonly baseOffset?: number;
  readonly topic?: string;
  readonly partition?: number;
}

const KINDS: Readonly<Record<string, SegmentFileKind>> = {
  log: 'log',
  index: 'index',
  timeindex: 'timeindex',
  txnindex: 'txnindex',
  snapshot: 'snapshot',
};

const TEXT_FILES: ReadonlySet<string> = new Set([
  'partition.metadata',
  'meta.properties',
  'quorum-state',
  '.kafka_cleanshutdown',
]);

/** Reads file and folder names as Kafka writes them; `unknown` where the name says nothing. */
export function parseSegmentPath(path: string): SegmentName {
  const parts = path.split(/[\\/]/);
  const name = parts.at(-1) ?? '';
  return { ...parseFileName(name), ...parseFolderName(parts.at(-2) ?? '') };
}

function parseFileName(name: string): Pick<SegmentName, 'kind' | 'baseOffset'> {
  const segment = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)(?:\.(?:deleted|cleaned|swap))?$/.exec(name);
  if (segment !== null) return { kind: KINDS[segment[2] as string] ?? 'unknown', baseOffset: Number(segment[1]) };
  const checkpoint = /^(\d{20})-\d{10}\.checkpoint(?:\.(?:part|deleted))?$/.exec(name);
  if (checkpoint !== null) return { kind: 'checkpoint', baseOffset: Number(checkpoint[1]) };
  if (name === 'bootstrap.checkpoint') return { kind: 'checkpoint' };
  if (/-checkpoint$/.test(name)) return { kind: 'textCheckpoint' };
  return { kind: TEXT_FILES.has(name) ? 'text' : 'unknown' };
}

function parseFolderName(folder: string): Pick<SegmentName, 'topic' | 'partition'> {
  const match = /^(.+?)-(\d+)(?:\.[0-9a-f]{32}-(?:delete|future|stray))?$/.exec(folder);
  return match === null ? {} : { topic: match[1] as string, partition: Number(match[2]) };
}
