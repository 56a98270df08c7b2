import type { FieldLayout } from '../../records/record-batch-layout.ts';
import { formatBytes, formatCount } from '../../shared/format.ts';
import { NODES_PAGE_SIZE } from '../../shared/segment-contract.ts';
import type { Located, NodePath, Regions, StructureNode } from '../../shared/segment-contract.ts';
import { layoutSize } from './entry-layouts.ts';
import { fieldNodes } from './field-nodes.ts';
import type { MeaningOf } from './field-nodes.ts';
import { branch, collectRegions, descendTo } from './lazy-node.ts';
import type { LazyNode } from './lazy-node.ts';
import type { SegmentBytes } from './segment-bytes.ts';
import { NO_PROGRESS } from './structure.ts';
import type { Structure, StructureProgress } from './structure.ts';

/** How a file of fixed entries is read. */
export interface EntriesFormat {
  /** Before the entries; empty for none. */
  readonly header: readonly FieldLayout[];
  readonly entry: readonly FieldLayout[];
  /** Whether the end may be zeros that Kafka reserved: offset and time indexes of an active segment. */
  readonly mayBePreallocated: boolean;
  /** An entry in one line, and what is wrong with it beside the one before. */
  describe(
    bytes: Buffer,
    at: number,
    previousAt: number | undefined,
  ): { label: string; value: string; problem?: string };
  readonly meaning?: MeaningOf;
  readonly describeHeader?: (bytes: Buffer) => string;
}

/** A file of entries of one size, perhaps after a header, perhaps with a zero-filled tail. */
export class EntriesStructure implements Structure {
  readonly unit = 'entry';
  readonly #file: SegmentBytes;
  readonly #format: EntriesFormat;
  readonly #headerSize: number;
  readonly #entrySize: number;
  #progress: StructureProgress = NO_PROGRESS;
  #sizeBytes = 0;
  #entryCount = 0;

  constructor(file: SegmentBytes, format: EntriesFormat) {
    this.#file = file;
    this.#format = format;
    this.#headerSize = layoutSize(format.header);
    this.#entrySize = layoutSize(format.entry);
  }

  get progress(): StructureProgress {
    return this.#progress;
  }

  /** Where entries end is found at once: zeros only ever follow them. */
  async advance(sizeBytes: number): Promise<boolean> {
    const whole = Math.max(0, Math.floor((sizeBytes - this.#headerSize) / this.#entrySize));
    const used = this.#format.mayBePreallocated ? await this.#countUsed(whole) : whole;
    this.#sizeBytes = sizeBytes;
    this.#entryCount = used;
    const usedBytes = Math.min(sizeBytes, this.#headerSize + used * this.#entrySize);
    this.#progress = {
      rootCount: this.#headerNodes + used + (this.#hasTail ? 1 : 0),
      unitCount: used,
      scannedBytes: sizeBytes,
      usedBytes: used < whole ? usedBytes : sizeBytes,
    };
    return false;
  }

  /** The first entry that is all zeros, by bisection. */
  async #countUsed(whole: number): Promise<number> {
    let low = 0;
    let high = whole;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = await this.#file.read(this.#headerSize + middle * this.#entrySize, this.#entrySize);
      if (entry.some((byte) => byte !== 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get #headerNodes(): number {
    return this.#headerSize > 0 && this.#sizeBytes >= this.#headerSize ? 1 : 0;
  }

  get #entriesEnd(): number {
    return this.#headerNodes * this.#headerSize + this.#entryCount * this.#entrySize;
  }

  get #hasTail(): boolean {
    return this.#sizeBytes > this.#entriesEnd;
  }

  async nodes(parent: NodePath, from: number, count: number): Promise<readonly StructureNode[]> {
    const [root] = parent;
    if (parent.length > 1) return [];
    if (root !== undefined) {
      const [node] = await this.#children(root, root + 1);
      if (node === undefined) return [];
      const end = Math.min(node.node.childCount, from + count);
      return Array.from({ length: Math.max(0, end - from) }, (_, i) => node.child(from + i).node);
    }
    const end = Math.min(this.#progress.rootCount, from + Math.min(count, NODES_PAGE_SIZE));
    return (await this.#children(from, end)).map(({ node }) => node);
  }

  /** Children of the root, with the entry before the first for comparison. */
  async #children(from: number, end: number): Promise<LazyNode[]> {
    const nodes: LazyNode[] = [];
    if (from < this.#headerNodes && end > 0) nodes.push(await this.#header());
    const first = Math.max(0, from - this.#headerNodes);
    const last = Math.min(this.#entryCount, end - this.#headerNodes);
    if (first < last) nodes.push(...(await this.#entries(first, last)));
    if (this.#hasTail && end > this.#headerNodes + this.#entryCount) nodes.push(this.#tail());
    return nodes;
  }

  async #header(): Promise<LazyNode> {
    const bytes = await this.#file.read(0, this.#headerSize);
    const children = fieldNodes(bytes, 0, 0, this.#format.header, this.#format.meaning);
    const value = this.#format.describeHeader?.(bytes) ?? '';
    return branch({ label: 'header', value, at: 0, size: this.#headerSize, icon: 'batch', tint: 0 }, children);
  }

  async #entries(first: number, last: number): Promise<LazyNode[]> {
    const before = Math.max(0, first - 1);
    const start = this.#headerSize + before * this.#entrySize;
    const bytes = await this.#file.read(start, (last - before) * this.#entrySize);
    const nodes: LazyNode[] = [];
    for (let index = first; index < last; index++) {
      const at = (index - before) * this.#entrySize;
      if (at + this.#entrySize > bytes.length) break;
      const { label, value, problem } = this.#format.describe(bytes, at, at === 0 ? undefined : at - this.#entrySize);
      // Neighbouring entries differ as well as the fields within one.
      const tintFrom = (index % 2) * 3;
      const children = fieldNodes(bytes, start, at, this.#format.entry, this.#format.meaning, tintFrom);
      const place = { at: start + at, size: this.#entrySize, icon: 'entry', tint: tintFrom } as const;
      nodes.push(branch({ ...place, label, value, ...(problem === undefined ? {} : { problem }) }, children));
    }
    return nodes;
  }

  #tail(): LazyNode {
    const at = this.#entriesEnd;
    const size = this.#sizeBytes - at;
    const isUnused = this.#format.mayBePreallocated && size >= this.#entrySize;
    return branch(
      {
        label: isUnused ? 'preallocated' : 'incomplete entry',
        value: isUnused
          ? `${formatBytes(size)} of zeros`
          : `${formatCount(size)} of ${formatCount(this.#entrySize)} bytes`,
        at,
        size,
        icon: isUnused ? 'unused' : 'unknown',
        tint: isUnused ? null : 1,
        ...(isUnused ? {} : { problem: 'The file ends in the middle of an entry.' }),
      },
      [],
    );
  }

  async locate(at: number): Promise<Located | null> {
    if (at < 0 || at >= this.#sizeBytes) return null;
    const root = this.#rootAt(at);
    const [node] = await this.#children(root, root + 1);
    if (node === undefined) return null;
    const { path, nodes } = descendTo(node, at);
    return { path: [root, ...path], nodes };
  }

  #rootAt(at: number): number {
    if (at < this.#headerNodes * this.#headerSize) return 0;
    if (at >= this.#entriesEnd) return this.#headerNodes + this.#entryCount;
    return this.#headerNodes + Math.floor((at - this.#headerNodes * this.#headerSize) / this.#entrySize);
  }

  async regions(from: number, to: number): Promise<Regions | null> {
    const regions: number[] = [];
    const end = Math.min(to, this.#sizeBytes);
    if (from >= end) return regions;
    for (const node of await this.#children(this.#rootAt(from), this.#rootAt(end - 1) + 1)) {
      collectRegions(node, from, to, regions);
    }
    return regions;
  }

  findOffset(): Promise<Located | null> {
    return Promise.resolve(null);
  }
}
