import { LitElement, css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';

const STEP_PIXELS = 16;

/**
 * Two panes with a sash between them, moved by pointer or arrow keys. `size` is the extent in pixels of one pane, the
 * second unless `sized` says otherwise; the other has the rest. A `resize-pane` event tells the new size. A `single` split
 * has its first pane only.
 */
@customElement('samsa-split')
export class Split extends LitElement {
  static override styles = css`
    :host {
      display: flex;
      flex: 1 1 0;
      min-width: 0;
      min-height: 0;
    }
    :host([stacked]) {
      flex-direction: column;
    }
    .pane {
      display: flex;
      flex-direction: column;
      min-width: 0;
      min-height: 0;
      overflow: hidden;
    }
    .rest {
      flex: 1 1 0;
    }
    .sized {
      flex: none;
    }
    .sash {
      position: relative;
      flex: none;
      width: 1px;
      background: var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
      cursor: col-resize;
      touch-action: none;
      outline: none;
    }
    :host([stacked]) .sash {
      width: auto;
      height: 1px;
      cursor: row-resize;
    }
    .sash::after {
      content: '';
      position: absolute;
      z-index: 3;
      inset: 0 -3px;
    }
    :host([stacked]) .sash::after {
      inset: -3px 0;
    }
    .sash:hover::after,
    .sash:focus-visible::after,
    .sash.dragged::after {
      background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
      opacity: 0.8;
    }
  `;

  /** One above the other. */
  @property({ type: Boolean, reflect: true }) stacked = false;
  @property() sized: 'first' | 'second' = 'second';
  @property({ type: Number }) size = 320;
  @property({ type: Number }) least = 160;
  @property({ type: Boolean }) single = false;
  @property() label = 'Resize';

  /** Where the pointer went down, and the size then. */
  #drag: { readonly at: number; readonly size: number } | undefined;

  protected override render(): TemplateResult {
    const extent = `${this.#clamped(this.size)}px`;
    const style = this.stacked ? `height:${extent}` : `width:${extent}`;
    const isFirst = this.sized === 'first' && !this.single;
    return html`
      <div class="pane ${isFirst ? 'sized' : 'rest'}" .style=${isFirst ? style : ''}><slot name="first"></slot></div>
      ${
        this.single
          ? nothing
          : html`
              <div
                class="sash"
                role="separator"
                tabindex="0"
                aria-label=${this.label}
                aria-orientation=${this.stacked ? 'horizontal' : 'vertical'}
                aria-valuenow=${Math.round(this.#clamped(this.size))}
                aria-valuemin=${this.least}
                aria-valuemax=${Math.round(this.#most)}
                @pointerdown=${this.#onDown}
                @pointermove=${this.#onMove}
                @pointerup=${this.#onUp}
                @pointercancel=${this.#onUp}
                @keydown=${this.#onKey}
              ></div>
              <div class="pane ${isFirst ? 'rest' : 'sized'}" .style=${isFirst ? '' : style}>
                <slot name="second"></slot>
              </div>
            `
      }
    `;
  }

  get #most(): number {
    const whole = this.stacked ? this.clientHeight : this.clientWidth;
    return whole === 0 ? Infinity : Math.max(this.least, whole - this.least);
  }

  #clamped(size: number): number {
    return Math.min(Math.max(this.least, size), this.#most);
  }

  #resize(size: number): void {
    this.size = this.#clamped(size);
    this.dispatchEvent(new CustomEvent<number>('resize-pane', { detail: this.size }));
  }

  readonly #onDown = (event: PointerEvent): void => {
    const sash = event.currentTarget as HTMLElement;
    sash.setPointerCapture(event.pointerId);
    sash.classList.add('dragged');
    this.#drag = { at: this.stacked ? event.clientY : event.clientX, size: this.#clamped(this.size) };
  };

  readonly #onMove = (event: PointerEvent): void => {
    if (this.#drag === undefined) return;
    const now = this.stacked ? event.clientY : event.clientX;
    this.#resize(this.#drag.size + (this.sized === 'first' ? now - this.#drag.at : this.#drag.at - now));
  };

  readonly #onUp = (event: PointerEvent): void => {
    (event.currentTarget as HTMLElement).classList.remove('dragged');
    this.#drag = undefined;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const back = this.stacked ? 'ArrowUp' : 'ArrowLeft';
    const on = this.stacked ? 'ArrowDown' : 'ArrowRight';
    if (event.key !== back && event.key !== on) return;
    event.preventDefault();
    const isLarger = (event.key === on) === (this.sized === 'first');
    this.#resize(this.#clamped(this.size) + (isLarger ? STEP_PIXELS : -STEP_PIXELS));
  };
}
