import { type SimWorld, Violation } from '../world/sim-world.ts';

/** What is known of one partition's committed records. */
interface PartitionHistory {
  /** By offset: what somebody was told is there. */
  readonly values: (string | undefined)[];
  /** Offsets whose record was acknowledged. */
  readonly acknowledged: Set<number>;
}

/**
 * What clients were told: acknowledged records with their offsets, and what consumers read. An offset has one record for
 * ever; one that was acknowledged is in every log that leads from then on.
 */
export class DeliveryHistory {
  readonly #world: SimWorld;
  readonly #partitions = new Map<string, PartitionHistory>();
  acknowledgedCount = 0;
  readCount = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  #of(partition: string): PartitionHistory {
    let history = this.#partitions.get(partition);
    if (history === undefined) {
      this.#partitions.set(partition, (history = { values: [], acknowledged: new Set() }));
    }
    return history;
  }

  get partitions(): Iterable<string> {
    return this.#partitions.keys();
  }

  acknowledge(producer: string, partition: string, baseOffset: number, values: readonly string[]): void {
    const { acknowledged } = this.#of(partition);
    values.forEach((value, index) => {
      this.#learn(partition, baseOffset + index, value, `${producer} was told`);
      acknowledged.add(baseOffset + index);
    });
    this.acknowledgedCount += values.length;
    this.#world.mix(baseOffset);
  }

  read(consumer: string, partition: string, offset: number, value: string): void {
    this.#learn(partition, offset, value, `${consumer} read`);
    this.readCount++;
  }

  #learn(partition: string, offset: number, value: string, how: string): void {
    const { values } = this.#of(partition);
    const known = values[offset];
    if (known === undefined) values[offset] = value;
    else if (known !== value) {
      throw new Violation(
        'an offset has one record for ever',
        `${how} that offset ${offset} of ${partition} is ${value}; it was ${known} before`,
      );
    }
  }

  /** The offset after the last one that is known. */
  endOf(partition: string): number {
    return this.#partitions.get(partition)?.values.length ?? 0;
  }

  /**
   * Compares a log (values from `startOffset` on) with what is known. `isLeading`: it has everything that was acknowledged;
   * another log may lack the end, and hold what nobody was told of.
   */
  compare(whose: string, partition: string, startOffset: number, log: readonly string[], isLeading: boolean): void {
    const history = this.#partitions.get(partition);
    if (history === undefined || !isLeading) return;
    for (const offset of history.acknowledged) {
      if (offset < startOffset) continue;
      const found = log[offset - startOffset];
      if (found === history.values[offset]) continue;
      throw new Violation(
        'an acknowledged record is never lost',
        `${whose} leads ${partition} and has ${found ?? 'nothing'} at offset ${offset}, where ` +
          `${history.values[offset]} was acknowledged; its log ends at ${startOffset + log.length}`,
      );
    }
  }

  /** A partition's final log: each producer's records once and in their order. */
  checkOrder(partition: string, log: readonly string[]): void {
    const last = new Map<string, number>();
    for (const value of log) {
      const at = value.lastIndexOf(':');
      const producer = value.slice(0, at);
      const number = Number(value.slice(at + 1));
      const before = last.get(producer) ?? -1;
      if (number !== before + 1) {
        throw new Violation(
          'records of a producer are there once and in order',
          `in ${partition}, ${producer} wrote ${number} after ${before}`,
        );
      }
      last.set(producer, number);
    }
  }
}
