/** Entries before the first one that are worth to be let go of. */
const COMPACT_AT = 1024;

/** First in, first out; taking the first is cheap however many there are. */
export class Queue<T> {
  #items: T[] = [];
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  get first(): T | undefined {
    return this.#items[this.#start];
  }

  get last(): T | undefined {
    return this.size === 0 ? undefined : this.#items.at(-1);
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const { first } = this;
    if (this.size === 0) return undefined;
    this.#start++;
    if (this.#start === this.#items.length || (this.#start >= COMPACT_AT && this.#start * 2 >= this.#items.length)) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return first;
  }

  /** Empties the queue and answers what was in it. */
  clear(): T[] {
    const rest = this.#items.slice(this.#start);
    this.#items = [];
    this.#start = 0;
    return rest;
  }
}
