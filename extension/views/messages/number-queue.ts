/** A queue of numbers in one growing ring: cheap at a million entries. */
export class NumberQueue {
  #items = new Float64Array(1024);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length) % this.#items.length] = value;
    this.#length++;
  }

  /** The entry at `index` from the front; it must be there. */
  at(index: number): number {
    return this.#items[(this.#head + index) % this.#items.length] as number;
  }

  /** Takes the front away. */
  shift(): void {
    this.#head = (this.#head + 1) % this.#items.length;
    this.#length--;
  }

  clear(): void {
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const grown = new Float64Array(this.#items.length * 2);
    for (let i = 0; i < this.#length; i++) grown[i] = this.at(i);
    this.#items = grown;
    this.#head = 0;
  }
}
