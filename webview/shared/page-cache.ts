/**
 * Pages of a long list or file, fetched once each and kept as long as they are among the last used. What arrives for an
 * older generation than the current one is thrown away.
 */
export class PageCache<Page> {
  readonly #fetch: (page: number) => Promise<Page | null>;
  readonly #changed: () => void;
  readonly #capacity: number;
  /** In order of use, oldest first. */
  readonly #pages = new Map<number, Page>();
  readonly #stale = new Set<number>();
  readonly #pending = new Set<number>();
  #generation = 0;

  /** `fetch` gives null for what is not there; `changed` is called when a page has arrived. */
  constructor(fetch: (page: number) => Promise<Page | null>, changed: () => void, capacity = 32) {
    this.#fetch = fetch;
    this.#changed = changed;
    this.#capacity = capacity;
  }

  /** The page if it is here; if it is not, or is old, it is asked for. */
  get(page: number): Page | undefined {
    const found = this.#pages.get(page);
    if (found !== undefined) {
      this.#pages.delete(page);
      this.#pages.set(page, found);
    }
    if (found === undefined || this.#stale.has(page)) this.#load(page);
    return found;
  }

  /** The page if it is here, without asking for it. */
  peek(page: number): Page | undefined {
    return this.#pages.get(page);
  }

  /** Forgets all at once. */
  clear(): void {
    this.#generation++;
    this.#pages.clear();
    this.#stale.clear();
    this.#pending.clear();
  }

  /** Keeps showing the pages that match, but fetches them again when they are next wanted. */
  refresh(matches: (page: number) => boolean): void {
    for (const page of this.#pages.keys()) if (matches(page)) this.#stale.add(page);
    // What is on its way may have been read before the change.
    for (const page of this.#pending) if (matches(page)) this.#stale.add(page);
  }

  #load(page: number): void {
    if (this.#pending.has(page)) return;
    const generation = this.#generation;
    this.#pending.add(page);
    this.#stale.delete(page);
    this.#fetch(page).then(
      (content) => this.#arrived(generation, page, content),
      () => this.#arrived(generation, page, null),
    );
  }

  #arrived(generation: number, page: number, content: Page | null): void {
    if (generation !== this.#generation) return;
    this.#pending.delete(page);
    if (content === null) return;
    this.#pages.delete(page);
    this.#pages.set(page, content);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= this.#capacity) break;
      this.#pages.delete(oldest);
      this.#stale.delete(oldest);
    }
    this.#changed();
  }
}
