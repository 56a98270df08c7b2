import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatAgo, formatBytes, formatCount, formatTime } from '../../extension/shared/format.ts';
import type { BytesPreview, MessageRow } from '../../extension/shared/messages-contract.ts';
import { icon } from '../shared/icon.ts';

export interface RowLooks {
  readonly exactTimes: boolean;
  readonly nowMs: number;
}

/** The cells of a record or note, in the order of the head. */
export function messageCells(row: MessageRow, { exactTimes, nowMs }: RowLooks): TemplateResult {
  const place = html`<div role="gridcell" class="number">${row.partition}</div>
    <div role="gridcell" class="number">${formatCount(row.offset)}</div>`;
  if (row.kind === 'note') {
    return html`${place}
      <div role="gridcell" class="note" title=${row.message}>
        ${icon('warning')}<span class="ellipsis">${row.message}</span>
      </div>`;
  }
  const { timestampMs, key, value } = row;
  const time = timestampMs < 0 ? 'none' : exactTimes ? formatTime(timestampMs) : formatAgo(timestampMs, nowMs);
  return html`${place}
    <div role="gridcell" class="c-time ellipsis" title=${timestampMs < 0 ? nothing : formatTime(timestampMs)}>
      ${time}
    </div>
    <div role="gridcell" class="c-key data ellipsis">${bytesCell(key, 'null')}</div>
    <div role="gridcell" class="data ellipsis">${bytesCell(value, 'tombstone')}</div>
    <div role="gridcell" class="number c-size dim">
      ${formatBytes((key?.sizeBytes ?? 0) + (value?.sizeBytes ?? 0))}
    </div>`;
}

function bytesCell(preview: BytesPreview | null, none: string): TemplateResult {
  if (preview === null) return html`<span class="none">${none}</span>`;
  if (preview.sizeBytes === 0) return html`<span class="none">empty</span>`;
  return preview.binary ? html`<span class="binary">${preview.text}</span>` : html`${preview.text}`;
}
