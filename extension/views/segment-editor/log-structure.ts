import { batchSize } from '../../records/record-batch.ts';
import { BATCH_HEADER_SIZE } from '../../records/record-batch-layout.ts';
import { formatBytes, formatCount } from '../../shared/format.ts';
import { NODES_PAGE_SIZE } from '../../shared/segment-contract.ts';
import type { Located, NodePath, Regions, StructureNode } from '../../shared/segment-contract.ts';
import { BatchIndex } from './batch-index.ts';
import type { BatchPlace, LogTail } from './batch-index.ts';
import { MAX_DECODED_BATCH_BYTES, batchNode, batchSummary } from './batch-nodes.ts';
import type { KnownRecords } from './known-records.ts';
import { collectRegions, descend, descendTo, descendToOffset } from './lazy-node.ts';
import type { LazyNode } from './lazy-node.ts';
import type { SegmentBytes } from './segment-bytes.ts';
import type { Structure, StructureProgress } from './structure.ts';

/** Batches decoded a moment ago, kept while somebody looks at them. */
const KEPT_BATCHES = 8;
/** Those that small are kept in larger numbers, as many are in sight at once. */
const KEPT_SMALL_BATCHES = 256;
const SMALL_BATCH_BYTES = 16 * 1024;

/** A log segment or a snapshot of the metadata log: record batches, one after the other, and perhaps a tail. */
export class LogStructure implements Structure {
  readonly unit = 'batch';
  readonly #file: SegmentBytes;
  readonly #known: KnownRecords | undefined;
  readonly #index: BatchIndex;
  readonly #large = new Map<number, LazyNode>();
  readonly #small = new Map<number, LazyNode>();
  #sizeBytes = 0;

  constructor(file: SegmentBytes, known: KnownRecords | undefined) {
    this.#file = file;
    this.#known = known;
    this.#index = new BatchIndex(file);
  }

  get progress(): StructureProgress {
    const { count, scannedBytes, tail, firstOffset, lastOffset } = this.#index;
    return {
      rootCount: count + (tail === undefined ? 0 : 1),
      unitCount: count,
      scannedBytes: tail === undefined ? scannedBytes : this.#sizeBytes,
      usedBytes: tail?.kind === 'unused' ? tail.at : this.#sizeBytes,
      ...(firstOffset === undefined ? {} : { firstOffset }),
      ...(lastOffset === undefined ? {} : { lastOffset }),
    };
  }

  advance(sizeBytes: number): Promise<boolean> {
    this.#sizeBytes = sizeBytes;
    return this.#index.advance(sizeBytes);
  }

  async nodes(parent: NodePath, from: number, count: number): Promise<readonly StructureNode[]> {
    const wanted = Math.min(count, NODES_PAGE_SIZE);
    const [root, ...rest] = parent;
    if (root === undefined) return this.#batches(from, wanted);
    const batch = await this.#decoded(root);
    const node = batch === undefined ? undefined : descend(batch, rest);
    if (node === undefined) return [];
    const end = Math.min(from + wanted, node.node.childCount);
    const nodes: StructureNode[] = [];
    for (let index = from; index < end; index++) nodes.push(node.child(index).node);
    return nodes;
  }

  async #batches(from: number, count: number): Promise<readonly StructureNode[]> {
    const nodes: StructureNode[] = [];
    await this.#index.walk(from, ({ at }, bytes, offset) => {
      const decoded = this.#small.get(at) ?? this.#large.get(at);
      nodes.push(decoded?.node ?? batchSummary(bytes, offset, at));
      return nodes.length < count;
    });
    const { tail } = this.#index;
    if (tail !== undefined && nodes.length < count && from + nodes.length === this.#index.count) {
      nodes.push(this.#tailNode(tail));
    }
    return nodes;
  }

  #tailNode({ at, kind, claimedBytes }: LogTail): StructureNode {
    const size = this.#sizeBytes - at;
    const place = { at, size, childCount: 0 } as const;
    switch (kind) {
      case 'unused':
        return { ...place, label: 'preallocated', value: `${formatBytes(size)} of zeros`, icon: 'unused', tint: null };
      case 'incomplete': {
        const of = claimedBytes === undefined ? '' : ` of ${formatCount(claimedBytes)}`;
        const problem = `A batch begins here, but only ${formatCount(size)}${of} bytes of it are there.`;
        return { ...place, label: 'incomplete batch', value: formatBytes(size), icon: 'unknown', tint: 1, problem };
      }
      case 'garbage': {
        const problem = 'No record batch begins here, so what follows cannot be read.';
        return { ...place, label: 'not a batch', value: formatBytes(size), icon: 'unknown', tint: 1, problem };
      }
    }
  }

  async locate(at: number): Promise<Located | null> {
    const { tail } = this.#index;
    if (tail !== undefined && at >= tail.at && at < this.#sizeBytes) {
      return { path: [this.#index.count], nodes: [this.#tailNode(tail)] };
    }
    const place = await this.#index.findPosition(at);
    const batch = place === undefined ? undefined : await this.#decodePlace(place);
    if (place === undefined || batch === undefined) return null;
    const { path, nodes } = descendTo(batch, at);
    return { path: [place.index, ...path], nodes };
  }

  async regions(from: number, to: number): Promise<Regions | null> {
    const { tail, scannedBytes } = this.#index;
    if (tail === undefined && from >= scannedBytes) return null;
    const regions: number[] = [];
    const first = await this.#index.findPosition(from);
    if (first !== undefined) {
      const places: BatchPlace[] = [];
      await this.#index.walk(first.index, (place) => {
        if (place.at < to) places.push(place);
        return place.at + place.size < to;
      });
      for (const place of places) {
        const node = await this.#decodePlace(place);
        if (node !== undefined) collectRegions(node, from, to, regions);
      }
    }
    if (tail !== undefined && tail.at < to && tail.kind !== 'unused') {
      regions.push(tail.at, this.#sizeBytes - tail.at, 1);
    }
    return tail === undefined && to > scannedBytes && scannedBytes < this.#sizeBytes ? null : regions;
  }

  async findOffset(offset: number): Promise<Located | null> {
    const place = await this.#index.findOffset(offset);
    const batch = place === undefined ? undefined : await this.#decodePlace(place);
    if (place === undefined || batch === undefined) return null;
    const { path, nodes } = descendToOffset(batch, offset);
    return { path: [place.index, ...path], nodes };
  }

  async #decoded(index: number): Promise<LazyNode | undefined> {
    let found: BatchPlace | undefined;
    await this.#index.walk(index, (place) => {
      found = place;
      return false;
    });
    return found === undefined ? undefined : await this.#decodePlace(found);
  }

  async #decodePlace({ at, size }: BatchPlace): Promise<LazyNode | undefined> {
    const kept = size <= SMALL_BATCH_BYTES ? this.#small : this.#large;
    const known = kept.get(at);
    if (known !== undefined) {
      kept.delete(at);
      kept.set(at, known);
      return known;
    }
    const bytes = await this.#file.read(at, size <= MAX_DECODED_BATCH_BYTES ? size : BATCH_HEADER_SIZE);
    if (bytes.length < Math.min(size, BATCH_HEADER_SIZE) || batchSize(bytes, 0) !== size) return undefined;
    const node = batchNode(bytes, at, this.#known);
    kept.set(at, node);
    const limit = kept === this.#small ? KEPT_SMALL_BATCHES : KEPT_BATCHES;
    for (const oldest of kept.keys()) {
      if (kept.size <= limit) break;
      kept.delete(oldest);
    }
    return node;
  }
}
