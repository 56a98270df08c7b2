import { hasValidCrc } from '../../../records/record-batch.ts';
import * as batch from '../../../records/record-batch.ts';
import { BATCH_HEADER_SIZE, LOG_OVERHEAD } from '../../../records/record-batch-layout.ts';
import type { FileSystem } from '../../common/file-system.ts';
import { BatchScanner } from '../../log/batch-scanner.ts';
import { FileHandleCache } from '../../log/file-handle-cache.ts';
import { LOG_SUFFIX, offsetOfFile } from '../../log/log-file-names.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';

/** What a crash left: bytes at the end of the last segment that are no whole batch. */
export interface TornTail {
  readonly path: string;
  readonly position: number;
  readonly sizeBytes: number;
}

/** Disks write and lose whole sectors. */
const SECTOR_BYTES = 512;

/**
 * Reads the metadata log before it is opened: recovery of an ordinary log cuts everything from the first bad batch on,
 * which here could throw committed metadata away. What a crash leaves is a batch at the very end that is cut off or has
 * sectors of zeros in it, and that may go; anything else is damage.
 *
 * @returns the torn tail, if any
 * @throws RaftError CORRUPT_METADATA
 */
export function checkMetadataLog(fileSystem: FileSystem, directory: string): TornTail | undefined {
  if (!fileSystem.existsSync(directory)) return undefined;
  const names = fileSystem.readdirSync(directory).filter((name) => name.endsWith(LOG_SUFFIX));
  const segments = names.filter((name) => offsetOfFile(name) !== undefined).sort();
  const files = new FileHandleCache(fileSystem, 1);
  let expected: number | undefined;
  for (const [index, name] of segments.entries()) {
    const path = `${directory}/${name}`;
    const file = files.file(path);
    const size = file.sizeSync();
    const scanner = new BatchScanner(file, 0, size, true);
    let position = 0;
    try {
      while (scanner.next()) {
        const { bytes, at } = scanner;
        if (!hasValidCrc(bytes, at)) break;
        const baseOffset = batch.baseOffset(bytes, at);
        if (expected !== undefined && baseOffset !== expected) {
          throw damaged(path, position, `it goes on at offset ${baseOffset} instead of ${expected}`);
        }
        expected = batch.lastOffset(bytes, at) + 1;
        position = scanner.nextPosition;
      }
      if (position === size) continue;
      const tail = Buffer.alloc(size - position);
      file.readSync(tail, 0, tail.length, position);
      if (index < segments.length - 1) throw damaged(path, position, 'it is not a record batch, and segments follow');
      if (!isTorn(tail)) throw damaged(path, position, 'the bytes are not what was written');
      if (holdsBatch(tail, expected ?? 0)) throw damaged(path, position, 'sound record batches follow');
      return { path, position, sizeBytes: tail.length };
    } finally {
      file.close();
    }
  }
  return undefined;
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
