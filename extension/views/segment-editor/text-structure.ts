import { NODES_PAGE_SIZE } from '../../shared/segment-contract.ts';
import type { Located, NodePath, Regions, SegmentFileKind, StructureNode } from '../../shared/segment-contract.ts';
import { TINTS } from './lazy-node.ts';
import type { SegmentBytes } from './segment-bytes.ts';
import { NO_PROGRESS } from './structure.ts';
import type { Structure, StructureProgress } from './structure.ts';

/** Kafka's text files are small; of a longer one only the beginning has a structure. */
const MAX_BYTES = 1024 * 1024;

/** A text file, line by line: checkpoints, `meta.properties`, `partition.metadata`, `quorum-state`. */
export class TextStructure implements Structure {
  readonly unit = 'line';
  readonly #file: SegmentBytes;
  readonly #label: (line: string, index: number) => string;
  #lines: StructureNode[] = [];
  #progress: StructureProgress = NO_PROGRESS;

  constructor(file: SegmentBytes, label: (line: string, index: number) => string) {
    this.#file = file;
    this.#label = label;
  }

  get progress(): StructureProgress {
    return this.#progress;
  }

  async advance(sizeBytes: number): Promise<boolean> {
    const bytes = await this.#file.read(0, Math.min(sizeBytes, MAX_BYTES));
    this.#lines = [];
    for (let at = 0; at < bytes.length;) {
      const found = bytes.indexOf(0x0a, at);
      const end = found < 0 ? bytes.length : found;
      const size = (found < 0 ? end : end + 1) - at;
      const line = bytes.toString('utf8', at, end);
      const index = this.#lines.length;
      const label = this.#label(line, index);
      this.#lines.push({ label, value: line, at, size, childCount: 0, icon: 'text', tint: index % TINTS });
      at += size;
    }
    this.#progress = {
      rootCount: this.#lines.length,
      unitCount: this.#lines.length,
      scannedBytes: sizeBytes,
      usedBytes: sizeBytes,
    };
    return false;
  }

  nodes(parent: NodePath, from: number, count: number): Promise<readonly StructureNode[]> {
    const end = from + Math.min(count, NODES_PAGE_SIZE);
    return Promise.resolve(parent.length > 0 ? [] : this.#lines.slice(from, end));
  }

  locate(at: number): Promise<Located | null> {
    const index = this.#lines.findIndex((line) => at >= (line.at ?? 0) && at < (line.at ?? 0) + line.size);
    const line = this.#lines[index];
    return Promise.resolve(line === undefined ? null : { path: [index], nodes: [line] });
  }

  regions(from: number, to: number): Promise<Regions | null> {
    const regions: number[] = [];
    for (const { at, size, tint } of this.#lines) {
      if (at !== null && tint !== null && at < to && at + size > from) regions.push(at, size, tint);
    }
    return Promise.resolve(regions);
  }

  findOffset(): Promise<Located | null> {
    return Promise.resolve(null);
  }
}

/** What a line of a Kafka text file is. */
export function lineLabel(kind: SegmentFileKind, name: string): (line: string, index: number) => string {
  if (kind !== 'textCheckpoint') return (line, index) => (line.startsWith('#') ? 'comment' : `line ${index + 1}`);
  const what = name === 'leader-epoch-checkpoint' ? 'epoch, start offset' : 'topic, partition, offset';
  return (_line, index) => (index === 0 ? 'version' : index === 1 ? 'entries' : what);
}
