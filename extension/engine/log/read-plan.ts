import { ErrorCode } from '../../protocol/errors.ts';
import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import { ApiError } from '../common/api-error.ts';
import type { CachedFile } from './file-handle-cache.ts';
import type { LogSegment } from './log-segment.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** Bytes that a plan needs next. It goes on with what there is: fewer at the end of the file. */
export interface ReadStep {
  readonly file: CachedFile;
  readonly position: number;
  readonly length: number;
}

/** Records as they lie in a segment. */
export interface LocatedRecords {
  readonly segment: LogSegment;
  readonly position: number;
  readonly bytes: Buffer;
}

/** A read in steps, so that the same code runs at once or off the event loop. */
export type ReadPlan<T> = Generator<ReadStep, T, Buffer>;

export function runReadPlan<T>(plan: ReadPlan<T>): T {
  let state = plan.next();
  while (state.done !== true) {
    const { file, position, length } = state.value;
    const target = Buffer.allocUnsafeSlow(length);
    const count = file.readSync(target, 0, length, position);
    state = plan.next(target.subarray(0, count));
  }
  return state.value;
}

export async function runReadPlanAsync<T>(plan: ReadPlan<T>, buffers: ReadBuffers): Promise<T> {
  let state = plan.next();
  while (state.done !== true) {
    const { file, position, length } = state.value;
    const target = buffers.take(length);
    const count = await file.read(target, 0, length, position);
    state = plan.next(target.subarray(0, count));
  }
  return state.value;
}

/** Read on top of what was asked for: the way from the index entry to the batch. */
const LOOK_AHEAD_BYTES = 8 * 1024;

/**
 * Reads from the batch that holds `startOffset`, or the next one, up to `endPosition` and `maxBytes`; undefined when all
 * batches before `endPosition` are below the offset. With `minOneMessage` at least the first batch comes whole.
 */
export function* readSegment(
  segment: LogSegment,
  startOffset: number,
  maxBytes: number,
  endPosition: number,
  minOneMessage: boolean,
): ReadPlan<LocatedRecords | undefined> {
  let position = segment.indexedPosition(startOffset);
  while (position < endPosition) {
    const length = Math.min(endPosition - position, Math.max(maxBytes, BATCH_HEADER_SIZE) + LOOK_AHEAD_BYTES);
    const bytes = yield { file: segment.log, position, length };
    let at = 0;
    while (at + BATCH_HEADER_SIZE <= bytes.length && batch.lastOffset(bytes, at) < startOffset) {
      at += checkedSize(segment, bytes, at, position);
    }
    if (at + BATCH_HEADER_SIZE <= bytes.length) {
      const firstSize = checkedSize(segment, bytes, at, position);
      const wanted = Math.min(endPosition - position - at, minOneMessage ? Math.max(maxBytes, firstSize) : maxBytes);
      position += at;
      if (at + wanted <= bytes.length) return { segment, position, bytes: bytes.subarray(at, at + wanted) };
      return { segment, position, bytes: yield { file: segment.log, position, length: wanted } };
    }
    if (at === 0) return undefined;
    position += at;
  }
  return undefined;
}

function checkedSize(segment: LogSegment, bytes: Buffer, at: number, position: number): number {
  const size = batch.batchSize(bytes, at);
  if (size >= BATCH_HEADER_SIZE) return size;
  throw new ApiError(
    ErrorCode.CORRUPT_MESSAGE,
    `${segment.log.path} is damaged: no record batch starts at position ${position + at}.`,
  );
}
