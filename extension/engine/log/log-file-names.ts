/**
 * Names inside a log directory. Files of a segment start with its base offset in 20 digits; `.snapshot` files with the
 * offset up to which they hold producer state. Folders are `topic-partition`, with a suffix while they go away or are
 * moved.
 */

export const LOG_SUFFIX = '.log';
export const OFFSET_INDEX_SUFFIX = '.index';
export const TIME_INDEX_SUFFIX = '.timeindex';
export const TRANSACTION_INDEX_SUFFIX = '.txnindex';
export const PRODUCER_SNAPSHOT_SUFFIX = '.snapshot';

/** What a segment's files are called while they change. */
export const DELETED_SUFFIX = '.deleted';
export const CLEANED_SUFFIX = '.cleaned';
export const SWAP_SUFFIX = '.swap';

export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint';
export const PARTITION_METADATA = 'partition.metadata';

export function fileName(baseOffset: number, suffix: string): string {
  return String(baseOffset).padStart(20, '0') + suffix;
}

/** The offset at the start of a file's name; undefined for files that carry none, such as checkpoints. */
export function offsetOfFile(name: string): number | undefined {
  const digits = /^(\d{20})\./.exec(name)?.[1];
  const offset = Number(digits);
  return digits !== undefined && Number.isSafeInteger(offset) ? offset : undefined;
}

export type DirectoryState = 'current' | 'future' | 'delete' | 'stray';

export interface PartitionDirectory {
  readonly topic: string;
  readonly partition: number;
  readonly state: DirectoryState;
}

/** Linux allows 255 bytes; a longer name is cut so that Kafka's own suffixes still fit. */
const MAX_DIRECTORY_NAME = 255;

export function directoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** `unique` is 32 hexadecimal digits. Long topic names are shortened: nobody asks a dying folder for its topic. */
export function temporaryDirectoryName(
  topic: string,
  partition: number,
  state: 'future' | 'delete' | 'stray',
  unique: string,
): string {
  const suffix = `-${partition}.${unique}-${state}`;
  const room = state === 'future' ? topic.length : MAX_DIRECTORY_NAME - suffix.length;
  return topic.slice(0, room) + suffix;
}

/** What a folder's name says; undefined when it is no partition's. */
export function parseDirectoryName(name: string): PartitionDirectory | undefined {
  const match = /^(.+)-(\d+)\.[0-9a-f]{32}-(future|delete|stray)$/.exec(name) ?? /^(.+)-(\d+)$/.exec(name);
  if (match === null) return undefined;
  const partition = Number(match[2]);
  if (partition > 0x7fffffff) return undefined;
  return { topic: match[1]!, partition, state: (match[3] as DirectoryState | undefined) ?? 'current' };
}
