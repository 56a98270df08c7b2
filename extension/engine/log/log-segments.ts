import type { LogSegment } from './log-segment.ts';

/** The segments of a log in order of their base offsets; never empty once the log is open. */
export class LogSegments {
  #segments: LogSegment[] = [];

  /** A copy: the list may change while it is gone through. */
  get all(): readonly LogSegment[] {
    return [...this.#segments];
  }

  get count(): number {
    return this.#segments.length;
  }

  get first(): LogSegment {
    return this.#segments[0]!;
  }

  /** The one that appends go to. */
  get active(): LogSegment {
    return this.#segments.at(-1)!;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.writtenBytes, 0);
  }

  /** The index of the last segment with a base offset at or below `offset`, -1 without one. */
  #floorIndex(offset: number): number {
    let low = -1;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#segments[middle]!.baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The segment in which `offset` lies or would lie. */
  floor(offset: number): LogSegment | undefined {
    return this.#segments[this.#floorIndex(offset)];
  }

  /** The first segment that starts past `offset`. */
  higher(offset: number): LogSegment | undefined {
    return this.#segments[this.#floorIndex(offset) + 1];
  }

  /** The segments that may hold offsets at or past `offset`. */
  from(offset: number): LogSegment[] {
    return this.#segments.slice(Math.max(0, this.#floorIndex(offset)));
  }

  /** Those that no appends go to. */
  get inactive(): LogSegment[] {
    return this.#segments.slice(0, -1);
  }

  add(segment: LogSegment): void {
    this.#segments.splice(this.#floorIndex(segment.baseOffset) + 1, 0, segment);
  }

  remove(segment: LogSegment): void {
    const index = this.#segments.indexOf(segment);
    if (index >= 0) this.#segments.splice(index, 1);
  }

  clear(): void {
    this.#segments = [];
  }
}
