import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { formatBytes, formatCount, formatRate } from '../../extension/shared/format.ts';
import type { OffsetsSummary, PartitionOffsets } from '../../extension/shared/offsets-contract.ts';
import { describeReplica, replicaShape } from '../shared/replica-shape.ts';
import { barMarks, recordSpan, sparkHeights } from './state.ts';
import type { BarMarks, Moved } from './state.ts';

const SPARK_BARS = 12;
const SPARK_HEIGHT = 16;

/** The cells of one partition, in the order of the head. */
export function partitionCells(
  row: PartitionOffsets,
  summary: OffsetsSummary,
  moved: ReadonlySet<Moved> | undefined,
): TemplateResult {
  const number = (name: string, value: string, extra = ''): TemplateResult =>
    html`<div role="gridcell" class="cell number c-${name} ${extra}">${value}</div>`;
  return html`
    ${number('partition', String(row.partition))}
    <div role="gridcell" class="cell leader ${moved?.has('leader') ? 'moved' : ''}">${leaderCell(row)}</div>
    <div role="gridcell" class="cell replica-list ${moved?.has('replicas') ? 'moved' : ''}">${replicaCells(row)}</div>
    <div role="gridcell" class="cell c-isr ${row.isr.length < row.replicas.length ? 'short' : ''}">
      ${row.isr.join(', ')}
    </div>
    ${number('start', formatCount(row.logStart))}
    <div role="gridcell" class="cell c-bar" title=${describeBar(row)}>${extent(barMarks(row, summary))}</div>
    ${number('end', formatCount(row.logEnd))}
    <div role="gridcell" class="cell number c-watermark">
      <span class=${moved?.has('highWatermark') ? 'stepped' : ''}>${formatCount(row.highWatermark)}</span>
    </div>
    ${number('records', formatCount(recordSpan(row)))} ${number('rate', formatRate(row.rate))}
    <div role="gridcell" class="cell c-spark" title="Records per second, the last seconds">${spark(row.rates)}</div>
    ${number('size', formatBytes(row.sizeBytes))}
  `;
}

/** A row that is in sight before the host has sent it: its number only, in the right place. */
export function emptyCells(partition: number): TemplateResult {
  return html`<div role="gridcell" class="cell number dim">${partition}</div>`;
}

function leaderCell(row: PartitionOffsets): TemplateResult {
  if (row.leader < 0) {
    return html`<span class="trouble" title=${row.problem ?? 'Nobody leads this partition'}>none</span>`;
  }
  const epoch = row.leaderEpoch === null ? '' : `, epoch ${row.leaderEpoch}`;
  return html`<span class="leader" title=${`Broker ${row.leader} leads${epoch}`}>
    ${replicaShape('leader')}<span>${row.leader}</span>
  </span>`;
}

function replicaCells(row: PartitionOffsets): TemplateResult[] {
  return row.replicas.map((replica, place) => {
    const isPreferred = place === 0;
    const text = describeReplica(replica, isPreferred);
    return html`<span class="one" title=${text}>
      ${replicaShape(replica.role, isPreferred && replica.role !== 'leader')}
      <span aria-hidden="true">${replica.broker}</span><span class="unseen">${text}.</span>
    </span>`;
  });
}

function extent(marks: BarMarks): TemplateResult | typeof nothing {
  const { start, lastStable, highWatermark, end } = marks;
  if (start === null || highWatermark === null) return nothing;
  const last = end ?? highWatermark;
  const stable = Math.min(lastStable ?? highWatermark, highWatermark);
  const block = (kind: string, from: number, to: number) =>
    to > from ? svg`<rect class=${kind} x=${percent(from)} y="7" width=${percent(to - from)} height="8" />` : nothing;
  const tick = (kind: string, at: number, inset: number) =>
    svg`<line class="tick ${kind}" x1=${percent(at)} x2=${percent(at)} y1=${inset} y2=${22 - inset} />`;
  return html`<svg class="extent" aria-hidden="true">
    ${block('track', 0, 1)} ${block('held', start, stable)} ${block('open', stable, highWatermark)}
    ${block('unreplicated', highWatermark, last)} ${tick('start', start, 4)}
    ${stable < highWatermark ? tick('stable', stable, 4) : nothing} ${tick('watermark', highWatermark, 5)}
    ${end === null || end <= highWatermark ? nothing : tick('end', end, 4)}
  </svg>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}

function describeBar(row: PartitionOffsets): string {
  const lines = [
    `▏ Log start ${formatCount(row.logStart)}`,
    `┆ Last stable offset ${formatCount(row.lastStable)}`,
    `▎ High watermark ${formatCount(row.highWatermark)}`,
    `▕ Log end ${formatCount(row.logEnd)}`,
  ];
  const { lastStable, highWatermark, logEnd } = row;
  if (highWatermark !== null && lastStable !== null && lastStable < highWatermark) {
    lines.push(`${formatCount(highWatermark - lastStable)} offsets wait for a transaction to end`);
  }
  if (highWatermark !== null && logEnd !== null && logEnd > highWatermark) {
    lines.push(`${formatCount(logEnd - highWatermark)} offsets are not on all in-sync replicas yet`);
  }
  if (row.problem !== null) lines.push(row.problem);
  return lines.join('\n');
}

function spark(rates: readonly number[]): TemplateResult {
  const bars = sparkHeights(rates, SPARK_BARS).map((share, place) => {
    const height = Math.max(1, Math.round(share * SPARK_HEIGHT));
    return svg`<rect x=${place * 4} y=${SPARK_HEIGHT - height} width="3" height=${height} />`;
  });
  return html`<svg class="spark" width=${SPARK_BARS * 4} height=${SPARK_HEIGHT} aria-hidden="true">${bars}</svg>`;
}
