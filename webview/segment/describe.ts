import { formatBytes, formatCount, plural } from '../../extension/shared/format.ts';
import type { FileState, NodePath, StructureNode } from '../../extension/shared/segment-contract.ts';

const KIND_NAMES: Readonly<Record<FileState['kind'], string>> = {
  log: 'log',
  index: 'offset index',
  timeindex: 'time index',
  txnindex: 'aborted transactions',
  snapshot: 'producer snapshot',
  checkpoint: 'metadata snapshot',
  textCheckpoint: 'checkpoint',
  text: 'text',
  unknown: 'bytes',
};

const PLURALS: Readonly<Record<FileState['unit'], string>> = { batch: 'batches', entry: 'entries', line: 'lines' };

/** `orders-0 · log · 1 GiB · 65,536 batches · offsets 0–48,209 · reading 34 %` */
export function describeFile(file: FileState): string {
  const { kind, topic, partition, sizeBytes, usedBytes, unitCount, unit, scannedBytes } = file;
  const isReading = scannedBytes < sizeBytes;
  const parts = [
    ...(topic === undefined ? [] : [`${topic}-${partition}`]),
    KIND_NAMES[kind],
    usedBytes < sizeBytes
      ? `${formatBytes(sizeBytes)} preallocated, ${formatBytes(usedBytes)} used`
      : formatBytes(sizeBytes),
    ...(unitCount === 0 ? [] : [plural(unitCount, unit, PLURALS[unit])]),
    ...(file.firstOffset === undefined || file.lastOffset === undefined
      ? []
      : [`offsets ${formatCount(file.firstOffset)}–${formatCount(file.lastOffset)}`]),
    ...(isReading ? [`reading ${Math.floor((scannedBytes / sizeBytes) * 100)} %`] : []),
  ];
  return parts.join(' · ');
}

/** `position 300 (0x12c) of 1,073,741,824 · batch 12 of 65,536 · baseOffset, 8 bytes` */
export function describePlace(
  { sizeBytes, unit, unitCount }: FileState,
  caret: number,
  chosen: { readonly path: NodePath; readonly nodes: readonly StructureNode[] } | undefined,
): string {
  if (sizeBytes === 0) return '';
  const parts = [`position ${formatCount(caret)} (0x${caret.toString(16)}) of ${formatCount(sizeBytes)}`];
  if (chosen !== undefined) {
    const offset = chosen.nodes.find(({ icon }) => icon === 'record')?.label ?? chosen.nodes[0]?.label;
    const hasOffsets = chosen.nodes[0]?.icon === 'batch' || chosen.nodes[0]?.icon === 'control';
    if (hasOffsets && unit === 'batch' && offset !== undefined) parts.push(`offset ${offset}`);
    parts.push(`${unit} ${formatCount((chosen.path[0] ?? 0) + 1)} of ${formatCount(unitCount)}`);
    const last = chosen.nodes.at(-1);
    if (last !== undefined && last.at !== null && chosen.path.length > 1) {
      parts.push(`${last.icon === 'record' ? 'record' : last.label}, ${plural(last.size, 'byte')}`);
    }
  }
  return parts.join(' · ');
}
