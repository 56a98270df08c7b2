import type { Random } from '../../../extension/engine/common/random.ts';

/** Randomness from one seed (sfc32). Whoever needs his own stream forks it, so that one stream's use does not shift another's. */
export class SimRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = Math.imul(stream + 0x9e3779b9, 0x85ebca6b) | 0;
    this.#c = Math.floor(seed / 2 ** 32) ^ 0x6a09e667;
    // The first numbers of neighbouring seeds resemble each other.
    for (let i = 0; i < 15; i++) this.#next();
  }

  #next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    return result >>> 0;
  }

  fork(): SimRandom {
    return new SimRandom(this.#next(), this.#next());
  }

  int(bound: number): number {
    return bound <= 1 ? 0 : Math.floor(this.float() * bound);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#next() & 0xff;
    return bytes;
  }

  /** In [0, 1). */
  float(): number {
    return this.#next() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.int(values.length)];
    if (value === undefined) throw new RangeError('there is nothing to pick from');
    return value;
  }

  shuffled<T>(values: readonly T[]): T[] {
    const result = [...values];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }
}
