import type { LitElement, ReactiveController } from 'lit';
import type { Align, RowWindow } from './virtual-scroll.ts';
import { VirtualScroll } from './virtual-scroll.ts';

export const ROW_HEIGHT = 22;
const OVERSCAN = 4;

/**
 * Ties a {@link VirtualScroll} to the elements of a component: `.scroller` scrolls, `.head` sticks to its top, `.window`
 * sticks below it and is as high as what is left, `.spacer` gives the scroll bar its length. Since the window itself
 * never moves, fast scrolling shows old rows for a frame, never blank ones.
 */
export class VirtualRows implements ReactiveController {
  readonly scroll: VirtualScroll;
  readonly #host: LitElement;
  readonly #onMove: (() => void) | undefined;
  readonly #onScrolled: (() => void) | undefined;
  #scroller: HTMLElement | undefined;
  #observer: ResizeObserver | undefined;
  #headHeight = 0;

  /** `onMove` is called when other rows come into sight, before they are drawn; `onScrolled` when a person did it. */
  constructor(host: LitElement, options: { rowHeight?: number; onMove?: () => void; onScrolled?: () => void } = {}) {
    this.#host = host;
    this.#onMove = options.onMove;
    this.#onScrolled = options.onScrolled;
    this.scroll = new VirtualScroll(options.rowHeight ?? ROW_HEIGHT);
    host.addController(this);
  }

  get window(): RowWindow {
    return this.scroll.window(OVERSCAN);
  }

  /** For `.style` of `.window` and `.spacer`. */
  get windowStyle(): string {
    return `top:${this.#headHeight}px;height:${this.scroll.viewportHeight}px`;
  }

  get spacerStyle(): string {
    return `height:${Math.max(0, this.scroll.contentHeight - this.scroll.viewportHeight)}px`;
  }

  hostUpdated(): void {
    const scroller = this.#host.renderRoot.querySelector<HTMLElement>('.scroller') ?? undefined;
    if (scroller !== this.#scroller) this.#attach(scroller);
    this.#measure();
    this.#syncNative();
  }

  hostDisconnected(): void {
    this.#attach(undefined);
  }

  setRowCount(count: number): void {
    if (count === this.scroll.rowCount) return;
    this.scroll.setRowCount(count);
    this.#host.requestUpdate();
  }

  scrollToRow(row: number, align: Align = 'nearest'): void {
    this.scroll.scrollToRow(row, align);
    this.#moved();
  }

  scrollToEnd(): void {
    this.scroll.scrollToEnd();
    this.#moved();
  }

  /** Moves with content that went away (or came) above, so that the same rows stay in sight. */
  shift(rows: number): void {
    this.scroll.scrollBy(rows * this.scroll.rowHeight);
    this.#moved();
  }

  #attach(scroller: HTMLElement | undefined): void {
    this.#observer?.disconnect();
    this.#scroller?.removeEventListener('scroll', this.#onScroll);
    this.#scroller?.removeEventListener('wheel', this.#onWheel);
    this.#scroller = scroller;
    if (scroller === undefined) return;
    scroller.addEventListener('scroll', this.#onScroll, { passive: true });
    scroller.addEventListener('wheel', this.#onWheel, { passive: false });
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(scroller);
  }

  #measure(): void {
    const scroller = this.#scroller;
    if (scroller === undefined) return;
    const head = scroller.querySelector<HTMLElement>('.head');
    const headHeight = head === null ? 0 : head.offsetHeight;
    const height = Math.max(0, scroller.clientHeight - headHeight);
    if (height === this.scroll.viewportHeight && headHeight === this.#headHeight) return;
    const wasAtEnd = this.scroll.isAtEnd && this.scroll.maxTop > 0;
    this.#headHeight = headHeight;
    this.scroll.setViewportHeight(height);
    if (wasAtEnd) this.scroll.scrollToEnd();
    this.#moved();
  }

  #syncNative(): void {
    const scroller = this.#scroller;
    if (scroller === undefined || Math.abs(scroller.scrollTop - this.scroll.nativeTop) < 1) return;
    scroller.scrollTop = this.scroll.nativeTop;
  }

  readonly #onScroll = (): void => {
    if (this.#scroller === undefined || !this.scroll.nativeScrolled(this.#scroller.scrollTop)) return;
    this.#onScrolled?.();
    this.#moved();
  };

  /** A scaled list would jump by many rows per notch of the wheel. */
  readonly #onWheel = (event: WheelEvent): void => {
    if (!this.scroll.isScaled || event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? this.scroll.rowHeight : 1;
    this.scroll.scrollBy(event.deltaY * unit);
    this.#onScrolled?.();
    this.#moved();
  };

  #moved(): void {
    this.#onMove?.();
    this.#host.requestUpdate();
  }
}
