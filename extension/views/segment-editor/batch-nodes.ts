import { compressionName } from '../../records/compression-type.ts';
import { decompress } from '../../records/compression.ts';
import * as batch from '../../records/record-batch.ts';
import {
  BATCH_HEADER_SIZE,
  CODEC_MASK,
  CONTROL_BIT,
  CURRENT_MAGIC,
  DELETE_HORIZON_BIT,
  RECORD_BATCH_FIELDS,
  TIMESTAMP_TYPE_BIT,
  TRANSACTIONAL_BIT,
} from '../../records/record-batch-layout.ts';
import type { FieldLayout } from '../../records/record-batch-layout.ts';
import { formatBytes, formatCount, formatTime, plural } from '../../shared/format.ts';
import type { StructureNode } from '../../shared/segment-contract.ts';
import { fieldNodes, formatBigInt } from './field-nodes.ts';
import type { FieldMeaning } from './field-nodes.ts';
import { controlRecords } from './known-records.ts';
import type { KnownRecords } from './known-records.ts';
import { lastAtMost } from './sorted.ts';
import { holds, leaf } from './lazy-node.ts';
import type { LazyNode } from './lazy-node.ts';
import { findRecords, offsetAt, recordNode } from './record-nodes.ts';
import type { BatchOfRecords } from './record-nodes.ts';

/** A batch beyond it shows its header only: decoding it would hold up the extension host. */
export const MAX_DECODED_BATCH_BYTES = 16 * 1024 * 1024;
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;

/** A batch in one line, from its header of 61 bytes at `at` of `bytes`; `position` is its place in the file. */
export function batchSummary(bytes: Buffer, at: number, position: number): StructureNode {
  const size = batch.batchSize(bytes, at);
  const magic = batch.magic(bytes, at);
  const base = { at: position, size, childCount: 0, tint: 0 } as const;
  if (magic !== CURRENT_MAGIC) {
    const label = formatCount(batch.baseOffset(bytes, at));
    return { ...base, label, value: `message in format ${magic}`, icon: 'unknown' };
  }
  const first = batch.baseOffset(bytes, at);
  const last = batch.lastOffset(bytes, at);
  const isControl = batch.isControl(bytes, at);
  const contentCount = batch.codecId(bytes, at) === 0 ? Math.max(0, batch.recordCount(bytes, at)) : 1;
  return {
    ...base,
    label: first === last ? formatCount(first) : `${formatCount(first)}–${formatCount(last)}`,
    value: describeBatch(bytes, at),
    childCount: RECORD_BATCH_FIELDS.length + contentCount,
    icon: isControl ? 'control' : 'batch',
  };
}

function describeBatch(bytes: Buffer, at: number): string {
  const codec = batch.codecId(bytes, at);
  const parts = [plural(batch.recordCount(bytes, at), 'record'), formatBytes(batch.batchSize(bytes, at))];
  if (codec !== 0) parts.push(compressionName(codec) ?? `codec ${codec}`);
  if (batch.isControl(bytes, at)) parts.push('control');
  if (batch.isTransactional(bytes, at)) parts.push('transactional');
  if (batch.hasProducerId(bytes, at)) parts.push(`producer ${batch.producerId(bytes, at)}`);
  return parts.join(' · ');
}

/** A whole batch: fields of the header, then its records. `bytes` are the batch, `position` its place in the file. */
export function batchNode(bytes: Buffer, position: number, known: KnownRecords | undefined): LazyNode {
  const summary = batchSummary(bytes, 0, position);
  if (summary.icon === 'unknown') return leaf(summary);
  const isWhole = bytes.length >= summary.size;
  const header = fieldNodes(bytes, position, 0, RECORD_BATCH_FIELDS, (field, value) =>
    fieldMeaning(bytes, field, value, isWhole),
  );
  const content = isWhole ? contentOf(bytes, position, known) : sequence([tooLarge(position, summary.size)]);
  const childCount = header.length + content.count;
  const problem = header.map(({ node }) => node.problem).find((each) => each !== undefined) ?? content.problem;
  return {
    node: { ...summary, childCount, ...(problem === undefined ? {} : { problem }) },
    child: (index) => header[index] ?? content.child(index - header.length),
    childAt: (at) => {
      const inHeader = header.findIndex(({ node }) => holds(node, at));
      if (inHeader >= 0) return inHeader;
      const found = content.childAt(at);
      return found < 0 ? -1 : header.length + found;
    },
    childOf: (offset) => {
      const found = content.childOf(offset);
      return found < 0 ? -1 : header.length + found;
    },
  };
}

/** Nodes made one by one when they are looked at. */
interface Sequence {
  readonly count: number;
  readonly problem?: string | undefined;
  child(index: number): LazyNode;
  /** -1 where the position is in none. */
  childAt(at: number): number;
  /** The first that holds this Kafka offset or a later one, or -1. */
  childOf(offset: number): number;
}

function sequence(nodes: readonly LazyNode[], problem?: string): Sequence {
  return {
    count: nodes.length,
    problem,
    child: (index) => {
      const node = nodes[index];
      if (node === undefined) throw new RangeError(`There is no child ${index}.`);
      return node;
    },
    childAt: (at) => nodes.findIndex(({ node }) => holds(node, at)),
    childOf: (offset) => nodes.findIndex((node) => (node.childOf?.(offset) ?? -1) >= 0),
  };
}

function tooLarge(position: number, size: number): LazyNode {
  return leaf({
    label: 'records',
    value: `${formatBytes(size)}, too large to be decoded here`,
    at: position + BATCH_HEADER_SIZE,
    size: size - BATCH_HEADER_SIZE,
    icon: 'unknown',
    tint: 1,
  });
}

function contentOf(bytes: Buffer, position: number, known: KnownRecords | undefined): Sequence {
  const size = batch.batchSize(bytes, 0);
  const common = {
    baseOffset: batch.baseOffset(bytes, 0),
    baseTimestamp: batch.baseTimestamp(bytes, 0),
    appendTime: batch.isLogAppendTime(bytes, 0) ? batch.maxTimestamp(bytes, 0) : undefined,
    known: batch.isControl(bytes, 0) ? controlRecords : known,
  };
  if (batch.codecId(bytes, 0) === 0) {
    const plain = { ...common, bytes: bytes.subarray(0, size), fileStart: position };
    return recordSequence(plain, BATCH_HEADER_SIZE, size, batch.recordCount(bytes, 0));
  }
  if (size <= BATCH_HEADER_SIZE) return sequence([]);
  const compressed = compressedNode(bytes, position, common);
  return sequence([compressed], compressed.node.problem);
}

/** The records between two places of a batch's bytes, and what is left of them where one is damaged. */
function recordSequence(records: BatchOfRecords, from: number, to: number, count: number): Sequence {
  const { starts, end, problem } = findRecords(records.bytes, from, to, Math.max(0, count));
  const made = new Map<number, LazyNode>();
  const fileAt = (at: number): number | null => (records.fileStart === null ? null : records.fileStart + at);
  const makeChild = (index: number): LazyNode => {
    const start = starts[index];
    if (start !== undefined) return recordNode(records, start, starts[index + 1] ?? end);
    const place = { at: fileAt(end), size: to - end, tint: 1 } as const;
    return leaf({ ...place, label: 'unreadable', value: problem ?? '', icon: 'unknown', problem: problem ?? '' });
  };
  return {
    count: starts.length + (problem === undefined ? 0 : 1),
    problem,
    child: (index) => {
      const known = made.get(index) ?? makeChild(index);
      made.set(index, known);
      return known;
    },
    childAt: (at) => {
      if (records.fileStart === null) return -1;
      const within = at - records.fileStart;
      if (within < from || within >= to) return -1;
      if (within >= end) return problem === undefined ? -1 : starts.length;
      return lastAtMost(starts, within);
    },
    childOf: (offset) => {
      // Offsets ascend within a batch; compaction leaves gaps.
      let low = 0;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (offsetAt(records, starts[middle] as number, to) < offset) low = middle + 1;
        else high = middle;
      }
      return low < starts.length ? low : -1;
    },
  };
}

/** The compressed block; its records are decompressed when somebody looks. */
function compressedNode(
  bytes: Buffer,
  position: number,
  common: Pick<BatchOfRecords, 'baseOffset' | 'baseTimestamp' | 'appendTime' | 'known'>,
): LazyNode {
  const codec = batch.codecId(bytes, 0);
  const size = batch.batchSize(bytes, 0);
  const block = bytes.subarray(BATCH_HEADER_SIZE, size);
  const place = { at: position + BATCH_HEADER_SIZE, size: block.length, tint: RECORD_BATCH_FIELDS.length % 6 } as const;
  const name = compressionName(codec) ?? `codec ${codec}`;
  try {
    const plain = decompress(codec, block, MAX_DECOMPRESSED_BYTES);
    const value = `${name}, ${formatBytes(block.length)} → ${formatBytes(plain.length)}`;
    const records = { ...common, bytes: plain, fileStart: null };
    const found = recordSequence(records, 0, plain.length, batch.recordCount(bytes, 0));
    const damage = found.problem === undefined ? {} : { problem: found.problem };
    return {
      node: { ...place, label: 'compressed records', value, icon: 'batch', childCount: found.count, ...damage },
      child: found.child,
      childOf: found.childOf,
    };
  } catch (error) {
    const problem = (error as Error).message;
    return leaf({ ...place, label: 'compressed records', value: name, icon: 'unknown', problem });
  }
}

function fieldMeaning(bytes: Buffer, { name }: FieldLayout, value: bigint, isWhole: boolean): FieldMeaning {
  switch (name) {
    case 'crc':
      return crcMeaning(bytes, value, isWhole);
    case 'attributes':
      return { text: describeAttributes(Number(value)) };
    case 'baseTimestamp':
    case 'maxTimestamp':
      return { text: value < 0n ? formatBigInt(value) : `${value} · ${formatTime(Number(value))}` };
    default:
      return {};
  }
}

function crcMeaning(bytes: Buffer, stored: bigint, isWhole: boolean): FieldMeaning {
  const hex = `0x${stored.toString(16).padStart(8, '0')}`;
  if (!isWhole) return { text: hex };
  const computed = batch.computeCrc(bytes, 0);
  if (BigInt(computed) === stored) return { text: `${hex} · matches` };
  return { text: hex, problem: `The bytes have CRC 0x${computed.toString(16).padStart(8, '0')}.` };
}

function describeAttributes(bits: number): string {
  const codec = bits & CODEC_MASK;
  const parts = [
    compressionName(codec) === undefined ? `codec ${codec}` : codec === 0 ? 'uncompressed' : compressionName(codec),
    (bits & TIMESTAMP_TYPE_BIT) === 0 ? 'create time' : 'log append time',
    ...((bits & TRANSACTIONAL_BIT) === 0 ? [] : ['transactional']),
    ...((bits & CONTROL_BIT) === 0 ? [] : ['control']),
    ...((bits & DELETE_HORIZON_BIT) === 0 ? [] : ['delete horizon']),
  ];
  return `0x${bits.toString(16).padStart(4, '0')} · ${parts.join(', ')}`;
}
