/**
 * Memory that goes out in answers and can be used again once it is with the operating system. Whoever lends it is told
 * of each slice that came back. What nobody gives back (a connection that broke, a reader that keeps it) is left to the
 * garbage collector: forgetting costs memory for a while, and never bytes that change under a reader.
 */
export class LentMemory {
  readonly #lenders = new WeakMap<ArrayBufferLike, () => void>();

  /** From now on `onReturn` is called once for each slice of `memory` that is given back. */
  lend(memory: ArrayBufferLike, onReturn: () => void): void {
    this.#lenders.set(memory, onReturn);
  }

  /** Nobody reads `slice` any more. Does nothing for memory that was not lent. */
  giveBack(slice: Buffer): void {
    this.#lenders.get(slice.buffer)?.();
  }
}
