import { hasValidCrc } from '../../../records/record-batch.ts';
import * as batch from '../../../records/record-batch.ts';
import { BATCH_HEADER_SIZE, LOG_OVERHEAD } from '../../../records/record-batch-layout.ts';
import type { FileSystem } from '../../common/file-system.ts';
import { BatchScanner } from '../../log/batch-scanner.ts';
import { FileHandleCache } from '../../log/file-handle-cache.ts';
import type { CachedFile } from '../../log/file-handle-cache.ts';
import { LOG_SUFFIX, offsetOfFile } from '../../log/log-file-names.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';

/** What a crash left and a start may take away. */
export interface CrashResidue {
  /** Bytes at the end of the last segment that are no whole batch. */
  readonly tail: { readonly path: string; readonly position: number; readonly sizeBytes: number } | undefined;
  /** Segments that were begun and got no batch, behind an end that is not where they begin. */
  readonly emptySegments: readonly string[];
}

/** Disks write and lose whole sectors. */
const SECTOR_BYTES = 512;

/**
 * Reads the metadata log before it is opened: recovery of an ordinary log cuts everything from the first bad batch on,
 * which here could throw committed metadata away. What a crash leaves is a batch at the very end that is cut off or has
 * sectors of zeros in it, and that may go; anything else is damage. (A segment is flushed before the next one gets a batch,
 * so a crash leaves no gap between batches.)
 *
 * @throws RaftError CORRUPT_METADATA
 */
export function checkMetadataLog(fileSystem: FileSystem, directory: string): CrashResidue {
  const names = fileSystem.existsSync(directory) ? fileSystem.readdirSync(directory) : [];
  const segments = names
    .filter((name) => name.endsWith(LOG_SUFFIX) && offsetOfFile(name) !== undefined)
    .sort()
    .map((name) => ({ path: `${directory}/${name}`, baseOffset: offsetOfFile(name) ?? 0 }))
    .map((segment) => ({ ...segment, sizeBytes: fileSystem.statSync(segment.path).sizeBytes }));
  const filled = segments.filter(({ sizeBytes }) => sizeBytes > 0);
  const files = new FileHandleCache(fileSystem, 1);
  let end: number | undefined;
  let tail: CrashResidue['tail'];
  for (const [index, { path, sizeBytes }] of filled.entries()) {
    const file = files.file(path);
    try {
      const scanned = scan(file, sizeBytes, end);
      end = scanned.end;
      if (scanned.position === sizeBytes) continue;
      const rest = Buffer.alloc(sizeBytes - scanned.position);
      file.readSync(rest, 0, rest.length, scanned.position);
      checkTail(path, scanned.position, rest, end ?? 0, index === filled.length - 1);
      tail = { path, position: scanned.position, sizeBytes: rest.length };
    } finally {
      file.close();
    }
  }
  const empty = segments.filter(
    ({ sizeBytes, baseOffset }) => sizeBytes === 0 && end !== undefined && baseOffset !== end,
  );
  return { tail, emptySegments: empty.map(({ path }) => path) };
}

/** Walks sound batches from the start of a file. Answers the offset after the last of them and where it ends. */
function scan(
  file: CachedFile,
  sizeBytes: number,
  before: number | undefined,
): { readonly end: number | undefined; readonly position: number } {
  const scanner = new BatchScanner(file, 0, sizeBytes, true);
  let end = before;
  let position = 0;
  while (scanner.next()) {
    const { bytes, at } = scanner;
    if (!hasValidCrc(bytes, at)) break;
    const baseOffset = batch.baseOffset(bytes, at);
    if (end !== undefined && baseOffset !== end) {
      throw damaged(file.path, position, `it goes on at offset ${baseOffset} instead of ${end}`);
    }
    end = batch.lastOffset(bytes, at) + 1;
    position = scanner.nextPosition;
  }
  return { end, position };
}

function checkTail(path: string, position: number, tail: Buffer, nextOffset: number, isLast: boolean): void {
  if (!isLast) throw damaged(path, position, 'it is not a record batch, and segments follow');
  if (!isTorn(tail)) throw damaged(path, position, 'the bytes are not what was written');
  if (holdsBatch(tail, nextOffset)) throw damaged(path, position, 'sound record batches follow');
}

/** Whether the first batch of `tail` is unfinished rather than changed: cut off, or with sectors that never arrived. */
function isTorn(tail: Buffer): boolean {
  if (tail.length < BATCH_HEADER_SIZE) return true;
  const size = batch.batchLength(tail, 0) + LOG_OVERHEAD;
  if (size > tail.length) return true;
  const whole = size < BATCH_HEADER_SIZE ? tail : tail.subarray(0, size);
  for (let at = 0; at < whole.length; at += SECTOR_BYTES) {
    const sector = whole.subarray(at, at + SECTOR_BYTES);
    if (sector.length >= BATCH_HEADER_SIZE && sector.every((byte) => byte === 0)) return true;
  }
  return false;
}

/** Whether a sound batch with a later offset lies anywhere in the bytes. */
function holdsBatch(bytes: Buffer, fromOffset: number): boolean {
  for (let at = 1; at + BATCH_HEADER_SIZE <= bytes.length; at++) {
    if (bytes[at + 16] !== 2) continue;
    const size = batch.batchLength(bytes, at) + LOG_OVERHEAD;
    if (size < BATCH_HEADER_SIZE || size > bytes.length - at) continue;
    if (batch.baseOffset(bytes, at) >= fromOffset && hasValidCrc(bytes, at)) return true;
  }
  return false;
}

function damaged(path: string, position: number, what: string): RaftError {
  return new RaftError(
    RaftErrorCode.CORRUPT_METADATA,
    `The metadata log is damaged: ${path} at byte ${position}: ${what}. ` +
      'Restore the file from a copy, or start with an empty directory; nothing was changed.',
  );
}
