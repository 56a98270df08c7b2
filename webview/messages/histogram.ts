import { LitElement, css, html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { formatClock, formatCount, formatTime, plural } from '../../extension/shared/format.ts';
import type { Histogram, TimeFilter } from '../../extension/shared/messages-contract.ts';
import { baseStyles } from '../shared/base-styles.ts';
import { brushedRange } from './state.ts';

const HEIGHT = 32;

/** Records over time; a dragged range becomes the time filter. Fires `brush-time`. */
@customElement('samsa-histogram')
export class HistogramStrip extends LitElement {
  static override styles = [
    ...baseStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: 72px minmax(0, 1fr) 72px;
        align-items: end;
        gap: 8px;
        flex: none;
        height: 48px;
        padding: 0 16px 8px;
      }
      .edge {
        font-size: 11px;
        line-height: 14px;
        color: var(--vscode-descriptionForeground);
        white-space: nowrap;
      }
      .edge.to {
        text-align: right;
      }
      svg {
        display: block;
        width: 100%;
        height: ${HEIGHT}px;
        border-bottom: 1px solid var(--vscode-charts-lines, var(--vscode-descriptionForeground));
        cursor: crosshair;
        touch-action: none;
      }
      .bin {
        fill: var(--vscode-charts-blue);
      }
      .outside {
        opacity: 0.3;
      }
      .catch {
        fill: transparent;
      }
      .catch:hover {
        fill: var(--vscode-list-hoverBackground, transparent);
      }
      .brush {
        fill: var(--vscode-charts-blue);
        opacity: 0.2;
        pointer-events: none;
      }
    `,
  ];

  @property({ attribute: false }) histogram: Histogram | null = null;
  @property({ attribute: false }) time: TimeFilter | null = null;
  @state() private drag: { readonly from: number; readonly to: number } | undefined;

  protected override render(): TemplateResult {
    const { histogram } = this;
    if (histogram === null) return html`<span></span><svg aria-hidden="true"></svg><span></span>`;
    const { fromMs, binMs, counts } = histogram;
    const toMs = fromMs + binMs * counts.length;
    const total = counts.reduce((sum, count) => sum + count, 0);
    return html`
      <span class="edge" title=${formatTime(fromMs)}>${edge(fromMs, binMs)}</span>
      <svg
        viewBox="0 0 ${counts.length} ${HEIGHT}"
        preserveAspectRatio="none"
        role="img"
        aria-label="${plural(total, 'record')} from ${formatTime(fromMs)} to ${formatTime(toMs)}"
        @pointerdown=${this.#onDown}
        @pointermove=${this.#onMove}
        @pointerup=${this.#onUp}
        @pointercancel=${() => (this.drag = undefined)}
      >
        ${this.#bins(histogram)} ${this.#brush(counts.length)}
      </svg>
      <span class="edge to" title=${formatTime(toMs)}>${edge(toMs, binMs)}</span>
    `;
  }

  #bins({ fromMs, binMs, counts }: Histogram): unknown[] {
    const highest = Math.max(...counts);
    const { time } = this;
    return counts.map((count, bin) => {
      const at = fromMs + bin * binMs;
      const isOutside = time?.kind === 'range' && (at >= time.toMs || at + binMs <= time.fromMs);
      const height = count === 0 ? 0 : Math.max(1, (count / highest) * HEIGHT);
      return svg`
        <rect class="bin ${isOutside ? 'outside' : ''}" x=${bin + 0.05} width="0.9" y=${HEIGHT - height} height=${height} />
        <rect class="catch" x=${bin} width="1" y="0" height=${HEIGHT}><title>${formatTime(at)}: ${formatCount(count)}</title></rect>`;
    });
  }

  #brush(bins: number): unknown {
    if (this.drag === undefined) return nothing;
    const { from, to } = this.drag;
    const x = Math.min(from, to) * bins;
    return svg`<rect class="brush" x=${x} y="0" width=${Math.abs(to - from) * bins} height=${HEIGHT} />`;
  }

  #share(event: PointerEvent): number {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    return box.width === 0 ? 0 : (event.clientX - box.left) / box.width;
  }

  readonly #onDown = (event: PointerEvent): void => {
    (event.currentTarget as SVGElement).setPointerCapture(event.pointerId);
    const from = this.#share(event);
    this.drag = { from, to: from };
  };

  readonly #onMove = (event: PointerEvent): void => {
    if (this.drag !== undefined) this.drag = { from: this.drag.from, to: this.#share(event) };
  };

  readonly #onUp = (): void => {
    const { drag, histogram } = this;
    this.drag = undefined;
    if (drag === undefined || histogram === null) return;
    const detail = brushedRange(histogram, drag.from, drag.to);
    this.dispatchEvent(new CustomEvent<TimeFilter>('brush-time', { detail }));
  };
}

/** Clock time, or the day where a bin is as long as that. */
function edge(timeMs: number, binMs: number): string {
  if (binMs >= 86_400_000) return formatTime(timeMs).slice(0, 10);
  return binMs >= 1000 ? formatClock(timeMs).slice(0, 8) : formatClock(timeMs);
}
