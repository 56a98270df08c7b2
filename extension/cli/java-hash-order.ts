/** Java's `String.hashCode`. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** `hashCode` of Kafka's TopicPartition. */
export function partitionHashCode({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): number {
  return (Math.imul(31, 31 + partition) + javaHashCode(topic)) | 0;
}

const MIN_CAPACITY = 16;
const LOAD_FACTOR = 0.75;

/**
 * Keys in the order in which a `java.util.HashMap` that grew with them hands them out: what Kafka's tools print wherever
 * they do not sort.
 */
export function inHashMapOrder<T>(items: readonly T[], hashCodeOf: (item: T) => number): T[] {
  let capacity = MIN_CAPACITY;
  while (items.length > capacity * LOAD_FACTOR) capacity *= 2;
  const bucketOf = (item: T): number => {
    const hash = hashCodeOf(item);
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return items
    .map((item, index) => ({ item, index, bucket: bucketOf(item) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map(({ item }) => item);
}
