import { MetadataDelta } from './metadata-delta.ts';
import type { MetadataImage } from './metadata-image.ts';
import type { SortedMap } from './sorted-map.ts';
import { SortedMap as Sorted } from './sorted-map.ts';
import { TopicDelta } from './topics-delta.ts';

/**
 * What leads from one image to another that was not made from it: after a snapshot was loaded, and for a publisher that has
 * seen nothing yet. The delta tells of changes and is not replayed on any more.
 */
export function imageDifference(before: MetadataImage, after: MetadataImage): MetadataDelta {
  const delta = new MetadataDelta(before);
  addTopics(delta, before, after);
  for (const key of keysOf(before.configs.resources, after.configs.resources)) {
    const old = before.configs.resources.get(key) ?? Sorted.empty<string>();
    const now = after.configs.resources.get(key) ?? Sorted.empty<string>();
    const slash = key.indexOf('/');
    for (const name of keysOf(old, now)) {
      const data = { resourceType: Number(key.slice(0, slash)), resourceName: key.slice(slash + 1), name };
      delta.configs.set({ ...data, value: now.get(name) ?? null, unknownTaggedFields: undefined });
    }
  }
  collect(delta.cluster.changedBrokers, before.cluster.brokers, after.cluster.brokers);
  for (const [id, controller] of after.cluster.controllers) {
    if (before.cluster.controllers.get(id) !== controller) delta.cluster.changedControllers.set(id, controller);
  }
  collect(delta.security.changedAcls, before.acls, after.acls);
  collect(delta.security.changedScram, before.scram, after.scram);
  collect(delta.security.changedTokens, before.delegationTokens, after.delegationTokens);
  collect(delta.security.changedQuotas, before.clientQuotas, after.clientQuotas);
  if (before.features.metadataVersion !== after.features.metadataVersion) {
    delta.changedFeatures.set('metadata.version', after.features.metadataVersion);
  }
  for (const name of keysOf(before.features.levels, after.features.levels)) {
    delta.changedFeatures.set(name, after.features.levels.get(name) ?? 0);
  }
  return delta;
}

function addTopics(delta: MetadataDelta, before: MetadataImage, after: MetadataImage): void {
  for (const [id, topic] of before.topics.byId) {
    if (after.topics.getById(id) === undefined) delta.topics.deleted.set(id, topic);
  }
  for (const [id, topic] of after.topics.byId) {
    const old = before.topics.getById(id);
    if (old === topic) continue;
    const change = new TopicDelta(topic.name, id, topic.sequence, old);
    for (const [partition, registration] of topic.partitions.entries()) {
      const known = old?.partitions[partition];
      // Every change of a partition has its epoch, but an ELR may be cleared within one.
      if (known?.partitionEpoch !== registration.partitionEpoch || known.elr.length !== registration.elr.length) {
        change.set(partition, registration);
      }
    }
    if (old === undefined || change.changes.size > 0) delta.topics.changed.set(id, change);
  }
}

/** Keys whose values differ. */
function keysOf<V>(before: SortedMap<V>, after: SortedMap<V>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key));
}

function collect<K, V>(
  target: Map<K, V | undefined>,
  before: { get(key: K): V | undefined; keys(): Iterable<K> },
  after: { get(key: K): V | undefined; keys(): Iterable<K> },
): void {
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const value = after.get(key);
    if (before.get(key) !== value) target.set(key, value);
  }
}
