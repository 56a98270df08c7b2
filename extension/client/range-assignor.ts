import { partitionName, type TopicPartition } from './leader-routing.ts';

export interface Subscriber {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/**
 * Kafka's range assignor: per topic, partitions in order are handed to the members in order of their ids, as many to each
 * as possible, the first ones taking one more when it does not come out even.
 */
export function assignRanges(
  members: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
  for (const topic of topics) {
    const count = partitionCounts.get(topic) ?? 0;
    const takers = members.filter((member) => member.topics.includes(topic)).map(({ memberId }) => memberId);
    takers.sort();
    const each = Math.floor(count / takers.length);
    const extra = count % takers.length;
    let next = 0;
    takers.forEach((memberId, index) => {
      const share = each + (index < extra ? 1 : 0);
      for (let i = 0; i < share; i++) assignment.get(memberId)!.push({ topic, partition: next++ });
    });
  }
  return assignment;
}

/** Whether two lists hold the same partitions. */
export function samePartitions(a: readonly TopicPartition[], b: readonly TopicPartition[]): boolean {
  const names = new Set(a.map(partitionName));
  return a.length === b.length && b.every((item) => names.has(partitionName(item)));
}
