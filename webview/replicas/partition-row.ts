import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatCount } from '../../extension/shared/format.ts';
import { isLeaderless } from '../../extension/shared/replicas-contract.ts';
import type { ReplicaCell, ReplicasBroker, ReplicasPartition } from '../../extension/shared/replicas-contract.ts';
import { describeReplica, replicaShape } from '../shared/replica-shape.ts';

/** The cells of one partition: its name, a replica per broker's column, what the controller says of it. */
export function partitionCells(
  row: ReplicasPartition,
  brokers: readonly ReplicasBroker[],
  changed: boolean,
): TemplateResult {
  const isShort = row.isr.length < row.replicas.length;
  return html`
    <div role="rowheader" class="cell ellipsis" title=${`${row.topic}, partition ${row.partition}`}>
      ${row.topic}-${row.partition}
    </div>
    ${brokers.map(({ id }) => replicaCell(row, id))}
    <div role="gridcell" class="cell c-isr ${isShort ? 'caution' : ''} ${changed ? 'moved' : ''}">
      [${row.isr.join(',')}]${row.elr.length > 0 ? html`<span class="elr"> ELR [${row.elr.join(',')}]</span>` : nothing}
    </div>
    <div
      role="gridcell"
      class="cell number ${changed ? 'moved' : ''}"
      title=${`Leader epoch ${row.leaderEpoch}, partition epoch ${row.partitionEpoch}`}
    >
      ${leaderTrouble(row) ?? row.leaderEpoch}
    </div>
  `;
}

function leaderTrouble(row: ReplicasPartition): TemplateResult | undefined {
  if (row.leader < 0) return html`<span class="trouble">no leader</span>`;
  return isLeaderless(row) ? html`<span class="trouble">leader is down</span>` : undefined;
}

function replicaCell(row: ReplicasPartition, broker: number): TemplateResult {
  const place = row.replicas.findIndex((replica) => replica.broker === broker);
  const replica = row.replicas[place];
  if (replica === undefined) return html`<div role="gridcell" class="cell"></div>`;
  const text = describe(row, replica, place);
  return html`<div role="gridcell" class="cell replica-cell" title=${text}>
    ${replicaShape(replica.role, place === 0 && replica.role !== 'leader')}
    <span aria-hidden="true" class=${replica.role === 'leader' ? '' : 'dim'}>${numberOf(replica)}</span>
    <span class="unseen">${text}</span>
  </div>`;
}

/** Its log end; of one that is behind, by how much. */
function numberOf({ logEnd, lag }: ReplicaCell): string {
  if (lag !== null && lag > 0) return `−${formatCount(lag)}`;
  return logEnd === null ? '' : formatCount(logEnd);
}

function describe(row: ReplicasPartition, replica: ReplicaCell, place: number): string {
  const lines = [describeReplica(replica, place === 0), `${ORDINALS[place] ?? `${place + 1}th`} in the assignment`];
  if (replica.logEnd !== null) lines.push(`Log end ${formatCount(replica.logEnd)}`);
  if (replica.lag !== null && replica.role !== 'leader') {
    lines.push(replica.lag === 0 ? 'Has all that the leader has' : `${formatCount(replica.lag)} behind the leader`);
  }
  if (replica.role === 'leader')
    lines.push(`High watermark ${formatCount(row.highWatermark)}, epoch ${row.leaderEpoch}`);
  return lines.join('\n');
}

const ORDINALS = ['First', 'Second', 'Third'];
