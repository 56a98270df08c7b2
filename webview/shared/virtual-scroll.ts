/** Browsers stop laying out near 33 million pixels; far below it, so that zoom cannot reach it. */
export const MAX_CONTENT_PIXELS = 8_000_000;

/** What to draw: rows `first` to `end` (exclusive), the first of them `top` pixels below the upper edge (often negative). */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
  readonly top: number;
}

export type Align = 'nearest' | 'start' | 'center';

/**
 * Where a list of any length stands: rows of one height, a position in pixels that may be beyond what a browser can
 * scroll. Up to {@link MAX_CONTENT_PIXELS} the native scroll position is the position; above, the native one is a
 * scaled copy: dragging the thumb covers the whole list, while wheel and keys move by true pixels.
 */
export class VirtualScroll {
  readonly rowHeight: number;
  #rowCount = 0;
  #viewportHeight = 0;
  #top = 0;
  /** The native position that goes with `#top`, to tell our own changes from the person's. */
  #native = 0;

  constructor(rowHeight: number) {
    this.rowHeight = rowHeight;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get viewportHeight(): number {
    return this.#viewportHeight;
  }

  /** Pixels of the list above the viewport. */
  get top(): number {
    return this.#top;
  }

  get maxTop(): number {
    return Math.max(0, this.#rowCount * this.rowHeight - this.#viewportHeight);
  }

  get isScaled(): boolean {
    return this.#rowCount * this.rowHeight > MAX_CONTENT_PIXELS;
  }

  /** The height that the scrolled element must have. */
  get contentHeight(): number {
    return Math.min(this.#rowCount * this.rowHeight, MAX_CONTENT_PIXELS);
  }

  /** Where the native scroll bar belongs. */
  get nativeTop(): number {
    return this.#native;
  }

  get isAtEnd(): boolean {
    return this.#top >= this.maxTop - 1;
  }

  /** Rows that fit wholly, at least one: a page. */
  get pageRows(): number {
    return Math.max(1, Math.floor(this.#viewportHeight / this.rowHeight));
  }

  setRowCount(count: number): void {
    this.#rowCount = count;
    this.#moveTo(this.#top);
  }

  setViewportHeight(height: number): void {
    this.#viewportHeight = height;
    this.#moveTo(this.#top);
  }

  scrollBy(pixels: number): void {
    this.#moveTo(this.#top + pixels);
  }

  scrollToEnd(): void {
    this.#moveTo(this.maxTop);
  }

  scrollToRow(row: number, align: Align = 'nearest'): void {
    const rowTop = row * this.rowHeight;
    const latest = rowTop;
    const earliest = rowTop + this.rowHeight - this.#viewportHeight;
    if (align === 'start') this.#moveTo(latest);
    else if (align === 'center') this.#moveTo(Math.round((latest + earliest) / 2));
    else if (this.#top > latest) this.#moveTo(latest);
    else if (this.#top < earliest) this.#moveTo(earliest);
  }

  /** The element was scrolled, by the person or by us. Answers whether the position moved. */
  nativeScrolled(native: number): boolean {
    if (Math.abs(native - this.#native) < 1) return false;
    const before = this.#top;
    if (this.isScaled) {
      this.#top = this.#maxNative === 0 ? 0 : (Math.min(native, this.#maxNative) / this.#maxNative) * this.maxTop;
    } else {
      this.#top = Math.min(Math.max(0, native), this.maxTop);
    }
    this.#native = native;
    return this.#top !== before;
  }

  /** The rows in sight and `overscan` more on either side. */
  window(overscan = 0): RowWindow {
    const first = Math.max(0, Math.floor(this.#top / this.rowHeight) - overscan);
    const inSight = Math.ceil((this.#top + this.#viewportHeight) / this.rowHeight);
    const end = Math.min(this.#rowCount, inSight + overscan);
    return { first, end: Math.max(first, end), top: first * this.rowHeight - this.#top };
  }

  get #maxNative(): number {
    return Math.max(0, this.contentHeight - this.#viewportHeight);
  }

  #moveTo(top: number): void {
    this.#top = Math.min(Math.max(0, top), this.maxTop);
    const share = this.maxTop === 0 ? 0 : this.#top / this.maxTop;
    this.#native = this.isScaled ? share * this.#maxNative : this.#top;
  }
}
