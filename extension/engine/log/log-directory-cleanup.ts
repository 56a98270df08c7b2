import type { FileSystem } from '../common/file-system.ts';
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  fileName,
  LOG_SUFFIX,
  offsetOfFile,
  OFFSET_INDEX_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './log-file-names.ts';

/** The snapshots of the metadata log are the quorum's business, deleted ones too. */
const SNAPSHOT_SUFFIX = '.checkpoint';

const SEGMENT_SUFFIXES = [LOG_SUFFIX, OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX];

/** Answers the offset after the last record of a `.log` of another name. */
export type ReadNextOffset = (path: string, baseOffset: number) => number;

/**
 * Finishes or takes back what a stop interrupted, and answers the names that are left:
 *
 * - `.deleted`: goes.
 * - `.cleaned`: compaction or a split was writing it; goes. Swap files from the same offset on belong to the same
 *   unfinished work and go too.
 * - `.swap`: compaction had finished writing and was replacing the old segments: those go, the swap files take their
 *   names. Indexes that are missing afterwards are made again.
 * - index files without a `.log`, and `.tmp` files: go.
 */
export function cleanUpLogDirectory(
  fileSystem: FileSystem,
  directory: string,
  readNextOffset: ReadNextOffset,
): string[] {
  const names = new Set(fileSystem.readdirSync(directory));
  const remove = (name: string): void => {
    fileSystem.unlinkSync(`${directory}/${name}`);
    names.delete(name);
  };

  let firstCleaned = Infinity;
  for (const name of [...names]) {
    const stem = name.replace(/\.(deleted|cleaned|tmp)$/, '');
    if (stem === name || stem.endsWith(SNAPSHOT_SUFFIX)) continue;
    if (name.endsWith(DELETED_SUFFIX) || name.endsWith('.tmp')) remove(name);
    else if (name.endsWith(CLEANED_SUFFIX)) {
      firstCleaned = Math.min(firstCleaned, offsetOfFile(name) ?? Infinity);
      remove(name);
    }
  }

  const swaps = [...names].filter((name) => name.endsWith(SWAP_SUFFIX));
  for (const name of swaps) if ((offsetOfFile(name) ?? -1) >= firstCleaned) remove(name);
  finishSwaps(fileSystem, directory, names, remove, readNextOffset);

  for (const name of [...names]) {
    const offset = offsetOfFile(name);
    if (offset === undefined || names.has(fileName(offset, LOG_SUFFIX))) continue;
    if (SEGMENT_SUFFIXES.some((suffix) => name === fileName(offset, suffix))) remove(name);
  }
  return [...names];
}

function finishSwaps(
  fileSystem: FileSystem,
  directory: string,
  names: Set<string>,
  remove: (name: string) => void,
  readNextOffset: ReadNextOffset,
): void {
  let firstOffset = Infinity;
  let endOffset = -1;
  const swaps = [...names].filter((name) => name.endsWith(SWAP_SUFFIX));
  for (const name of swaps) {
    if (!name.endsWith(LOG_SUFFIX + SWAP_SUFFIX)) continue;
    const baseOffset = offsetOfFile(name);
    if (baseOffset === undefined) continue;
    firstOffset = Math.min(firstOffset, baseOffset);
    endOffset = Math.max(endOffset, readNextOffset(`${directory}/${name}`, baseOffset));
  }
  for (const name of [...names]) {
    const offset = offsetOfFile(name);
    if (offset === undefined || offset < firstOffset || offset >= endOffset) continue;
    if (SEGMENT_SUFFIXES.some((suffix) => name === fileName(offset, suffix))) remove(name);
  }
  for (const name of swaps) {
    const final = name.slice(0, -SWAP_SUFFIX.length);
    fileSystem.renameSync(`${directory}/${name}`, `${directory}/${final}`);
    names.delete(name);
    names.add(final);
  }
}
