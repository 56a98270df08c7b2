/** What producers and consumers saw, and what is wrong with it, in the style of Jepsen's checkers. */

/** A record by who wrote it, where, and as which of theirs. */
export interface Written {
  readonly producer: string;
  readonly partition: number;
  readonly number: number;
  /** Undefined where the producer gave up: it may be there or not. */
  readonly offset: number | undefined;
}

export interface Read {
  readonly consumer: string;
  readonly partition: number;
  readonly offset: number;
  /** `PRODUCER NUMBER` */
  readonly value: string;
}

/**
 * Every way in which the history is not that of a log per partition that keeps what it acknowledged: records lost,
 * duplicated, reordered or unseen, and consumers that disagree. Empty when all is well.
 */
export function checkHistory(written: readonly Written[], read: readonly Read[]): string[] {
  const problems: string[] = [];
  const logs = new Map<number, Map<number, string>>();
  const consumers = new Map<string, Map<number, number[]>>();
  for (const { consumer, partition, offset, value } of read) {
    const log = entryOf(logs, partition, () => new Map<number, string>());
    const known = log.get(offset);
    if (known !== undefined && known !== value) {
      problems.push(`disagreement: ${partition}@${offset} is '${known}' and, to ${consumer}, '${value}'`);
    }
    log.set(offset, value);
    entryOf(
      entryOf(consumers, consumer, () => new Map<number, number[]>()),
      partition,
      () => [],
    ).push(offset);
  }
  for (const [consumer, partitions] of consumers) {
    for (const [partition, offsets] of partitions) {
      for (let i = 1; i < offsets.length; i++) {
        if (offsets[i]! > offsets[i - 1]!) continue;
        problems.push(`reordered: ${consumer} read ${partition}@${offsets[i]} after ${partition}@${offsets[i - 1]}`);
      }
      const all = logs.get(partition)!;
      if (offsets.length < all.size) {
        problems.push(`unseen: ${consumer} read ${offsets.length} of ${all.size} records of partition ${partition}`);
      }
    }
  }
  checkOrder(logs, problems);
  for (const { producer, partition, number, offset } of written) {
    if (offset === undefined) continue;
    const found = logs.get(partition)?.get(offset);
    if (found !== `${producer} ${number}`) {
      const instead = found === undefined ? 'nothing' : `'${found}'`;
      problems.push(`lost: '${producer} ${number}' was acknowledged as ${partition}@${offset}, where ${instead} is`);
    }
  }
  return problems;
}

/** Each producer's records, in the order of its numbers and once. */
function checkOrder(logs: ReadonlyMap<number, ReadonlyMap<number, string>>, problems: string[]): void {
  for (const [partition, log] of logs) {
    const latest = new Map<string, number>();
    for (const [offset, value] of [...log].sort(([a], [b]) => a - b)) {
      const space = value.lastIndexOf(' ');
      const producer = value.slice(0, space);
      const number = Number(value.slice(space + 1));
      const before = latest.get(producer) ?? -1;
      if (number === before) problems.push(`duplicated: '${value}' at ${partition}@${offset}`);
      else if (number < before)
        problems.push(`reordered: '${value}' at ${partition}@${offset} follows number ${before}`);
      latest.set(producer, Math.max(number, before));
    }
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
