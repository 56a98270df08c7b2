import type { Located, NodePath, Regions, SegmentUnit, StructureNode } from '../../shared/segment-contract.ts';

/** How far the structure of a file is known. */
export interface StructureProgress {
  /** Children of the root found so far. */
  readonly rootCount: number;
  /** Those that are a `unit`. */
  readonly unitCount: number;
  readonly scannedBytes: number;
  /** Bytes that carry something. */
  readonly usedBytes: number;
  readonly firstOffset?: number;
  readonly lastOffset?: number;
}

/**
 * The structure of one kind of file, found in steps. Everything else is answered from what was found so far, and from the
 * file's own bytes.
 */
export interface Structure {
  /** What the root's children are. */
  readonly unit: SegmentUnit;
  readonly progress: StructureProgress;
  /** Finds some more of a file of this size; whether more is left. Call until false, and again when the file grew. */
  advance(sizeBytes: number): Promise<boolean>;
  nodes(parent: NodePath, from: number, count: number): Promise<readonly StructureNode[]>;
  locate(at: number): Promise<Located | null>;
  /** Leaves that overlap the range; null while it is not known what is there. */
  regions(from: number, to: number): Promise<Regions | null>;
  /** The record at a Kafka offset or the next one there is, or its batch where it cannot be decoded. */
  findOffset(offset: number): Promise<Located | null>;
}

export const NO_PROGRESS: StructureProgress = { rootCount: 0, unitCount: 0, scannedBytes: 0, usedBytes: 0 };

/** A file that is bytes and nothing else. */
export const NO_STRUCTURE: Structure = {
  unit: 'entry',
  progress: NO_PROGRESS,
  advance: () => Promise.resolve(false),
  nodes: () => Promise.resolve([]),
  locate: () => Promise.resolve(null),
  regions: () => Promise.resolve([]),
  findOffset: () => Promise.resolve(null),
};
