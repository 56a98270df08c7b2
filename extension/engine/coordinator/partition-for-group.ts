/**
 * The partition that holds a group (or a transactional id): Java's `String.hashCode`, made positive, modulo the number
 * of partitions. Every broker and every client tool computes the same.
 */
export function partitionForGroup(groupId: string, numPartitions: number): number {
  let hash = 0;
  for (let i = 0; i < groupId.length; i++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(i)) | 0;
  // Java has no positive counterpart of its smallest int.
  const positive = hash === -(2 ** 31) ? 0 : Math.abs(hash);
  return positive % numPartitions;
}
