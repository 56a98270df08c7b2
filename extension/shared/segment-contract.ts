/**
 * What the segment editor asks and is told about one file. Structure is a tree whose nodes have paths: the places of
 * children from the root down. Byte positions and sizes count from the start of the file.
 */

/** Bytes per page of the hex pane; a page starts at a multiple of it. */
export const BYTES_PAGE_SIZE = 4096;
/** Children per request of the structure pane. */
export const NODES_PAGE_SIZE = 64;

export const segmentFileKinds = [
  'log',
  'index',
  'timeindex',
  'txnindex',
  'snapshot',
  'checkpoint',
  'textCheckpoint',
  'text',
  'unknown',
] as const;
export type SegmentFileKind = (typeof segmentFileKinds)[number];

export type SegmentUnit = 'batch' | 'entry' | 'line';

export type NodePath = readonly number[];

/** A part of the file, or of what a compressed part holds. */
export interface StructureNode {
  readonly label: string;
  /** What it says, on one line. */
  readonly value: string;
  /** Where its bytes are; null for what lies in a compressed block or is derived. */
  readonly at: number | null;
  readonly size: number;
  readonly childCount: number;
  readonly icon: NodeIcon;
  /** Place in the palette of six, for bytes and the mark in the structure; null for none. */
  readonly tint: number | null;
  readonly about?: string;
  /** Something is wrong with these bytes, for people. */
  readonly problem?: string;
}

export type NodeIcon = 'batch' | 'control' | 'record' | 'entry' | 'field' | 'text' | 'unused' | 'unknown';

/** Consecutive regions of a page as triples: position, size, tint. */
export type Regions = readonly number[];

export interface BytesPage {
  readonly at: number;
  readonly bytes: Uint8Array;
  /** Null while the structure there is not known yet. */
  readonly regions: Regions | null;
}

export interface FileState {
  /** Grows when the content may have changed: cached pages are old. `keptBytes` of the beginning are as before. */
  readonly revision: number;
  readonly keptBytes: number;
  readonly kind: SegmentFileKind;
  readonly name: string;
  /** Absolute, for people. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Bytes that carry something; less than `sizeBytes` where the tail is preallocated. */
  readonly usedBytes: number;
  /** Children of the root found so far. */
  readonly rootCount: number;
  /** Those of them that are batches, entries or lines; the others are a header and an unused or damaged end. */
  readonly unitCount: number;
  readonly unit: SegmentUnit;
  /** Bytes whose structure is known: equal to `sizeBytes` when all is. */
  readonly scannedBytes: number;
  /** The topic and partition, where the folder says so. */
  readonly topic?: string;
  readonly partition?: number;
  /** First and last offset found, where the file has offsets. */
  readonly firstOffset?: number;
  readonly lastOffset?: number;
  readonly modifiedMs: number;
  /** The file is there and readable; else why not, for people. */
  readonly trouble: FileTrouble | null;
}

export interface FileTrouble {
  readonly kind: 'deleted' | 'truncated' | 'unreadable';
  readonly message: string;
}

/** Where a position of the file is in the structure: the deepest node, and the bytes of each node on the way. */
export interface Located {
  readonly path: NodePath;
  readonly nodes: readonly StructureNode[];
}

export type SegmentContract = {
  readonly requests: {
    readonly open: { readonly params: null; readonly result: FileState };
    readonly bytes: { readonly params: { readonly page: number }; readonly result: BytesPage };
    readonly nodes: {
      readonly params: { readonly parent: NodePath; readonly from: number; readonly count: number };
      readonly result: readonly StructureNode[];
    };
    /** Null when nothing is known about the position (yet). */
    readonly locate: { readonly params: { readonly at: number }; readonly result: Located | null };
    /** The record at a Kafka offset or the next one there is, or its batch where it cannot be decoded. */
    readonly findOffset: { readonly params: { readonly offset: number }; readonly result: Located | null };
    readonly copy: { readonly params: { readonly text: string }; readonly result: null };
    readonly openAsText: { readonly params: null; readonly result: null };
    readonly close: { readonly params: null; readonly result: null };
  };
  readonly events: {
    readonly file: FileState;
  };
};

/** What the view keeps over a reload of the window. */
export interface SegmentState {
  readonly position: number;
  readonly structureSize?: number;
  readonly inspectorSize?: number;
}
