import { BYTES_PAGE_SIZE } from '../../extension/shared/segment-contract.ts';
import type { BytesPage } from '../../extension/shared/segment-contract.ts';

export const BYTES_PER_ROW = 16;
const ROWS_PER_PAGE = BYTES_PAGE_SIZE / BYTES_PER_ROW;

export function pageOfRow(row: number): number {
  return Math.floor(row / ROWS_PER_PAGE);
}

export function rowCountOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BYTES_PER_ROW);
}

/** A stretch of bytes. */
export interface Range {
  readonly at: number;
  readonly size: number;
}

export function isIn(range: Range | undefined, at: number): boolean {
  return range !== undefined && at >= range.at && at < range.at + range.size;
}

/** The tint of every byte of a page, -1 for none. */
export function tintsOf({ at, bytes, regions }: BytesPage): Int8Array {
  const tints = new Int8Array(bytes.length).fill(-1);
  for (let i = 0; regions !== null && i + 2 < regions.length; i += 3) {
    const [start, size, tint] = [regions[i], regions[i + 1], regions[i + 2]] as [number, number, number];
    tints.fill(tint, Math.max(0, start - at), Math.max(0, Math.min(bytes.length, start + size - at)));
  }
  return tints;
}

/** Sides of a byte's cell on which the outline of a range runs. */
export interface Edges {
  readonly left: boolean;
  readonly right: boolean;
  readonly top: boolean;
  readonly bottom: boolean;
}

/** Where the outline of a range touches the cell of one of its bytes. */
export function edgesOf(range: Range, at: number): Edges {
  const column = at % BYTES_PER_ROW;
  return {
    left: column === 0 || at === range.at,
    right: column === BYTES_PER_ROW - 1 || at === range.at + range.size - 1,
    top: !isIn(range, at - BYTES_PER_ROW),
    bottom: !isIn(range, at + BYTES_PER_ROW),
  };
}

/** Where a key moves the caret in a file of this size; undefined when the key means nothing to it. */
export function caretAfterKey(
  key: string,
  isControl: boolean,
  at: number,
  sizeBytes: number,
  pageRows: number,
): number | undefined {
  if (sizeBytes === 0) return undefined;
  const clamp = (position: number): number => Math.min(sizeBytes - 1, Math.max(0, position));
  /** Moves by whole rows, staying in the column. */
  const byRows = (rows: number): number => {
    const next = at + rows * BYTES_PER_ROW;
    if (next < 0) return at % BYTES_PER_ROW;
    return clamp(next);
  };
  const rowStart = at - (at % BYTES_PER_ROW);
  switch (key) {
    case 'ArrowLeft':
      return clamp(at - 1);
    case 'ArrowRight':
      return clamp(at + 1);
    case 'ArrowUp':
      return byRows(-1);
    case 'ArrowDown':
      return byRows(1);
    case 'PageUp':
      return byRows(-pageRows);
    case 'PageDown':
      return byRows(pageRows);
    case 'Home':
      return isControl ? 0 : rowStart;
    case 'End':
      return isControl ? sizeBytes - 1 : clamp(rowStart + BYTES_PER_ROW - 1);
    default:
      return undefined;
  }
}
