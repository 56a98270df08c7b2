import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { BrokerRegistration } from './broker-registration.ts';
import type { MetadataImage } from './metadata-image.ts';
import { isInternalTopic } from './topic-names.ts';

/** Brokers that can take replicas, in placement order, and which of them may lead. */
export interface PlacementBrokers {
  readonly ids: readonly number[];
  readonly isActive: (id: number) => boolean;
  readonly rackOf: (id: number) => string | null;
}

/** Neither fenced nor on its way out. */
export function isActiveBroker(broker: BrokerRegistration | undefined): boolean {
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

export function placementBrokers(image: MetadataImage): PlacementBrokers {
  const { brokers } = image.cluster;
  const usable = [...brokers.values()].filter(hasOpenDirectory);
  return {
    ids: byRack(usable).map(({ id }) => id),
    isActive: (id) => isActiveBroker(brokers.get(id)),
    rackOf: (id) => brokers.get(id)?.rack ?? null,
  };
}

function hasOpenDirectory(broker: BrokerRegistration): boolean {
  const cordoned = broker.cordonedDirectories ?? [];
  return cordoned.length === 0 || broker.directories.some((directory) => !cordoned.includes(directory));
}

/** Racks take turns; without racks, by id. */
function byRack(brokers: readonly BrokerRegistration[]): BrokerRegistration[] {
  const racks = new Map<string, BrokerRegistration[]>();
  for (const broker of brokers) {
    if (broker.rack === null) return [...brokers];
    racks.set(broker.rack, [...(racks.get(broker.rack) ?? []), broker]);
  }
  const queues = [...racks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, queue]) => queue);
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) =>
    queues.map((queue) => queue[turn]).filter((broker) => broker !== undefined),
  ).flat();
}

/**
 * Where the first partition of a topic goes: to the broker after the preferred leader of the last partition of the last
 * user topic (the youngest that still exists), so that leaders go round the brokers across topics. Derived from the image
 * alone, it is the same after a restart, a snapshot and a change of controllers. Internal topics begin at the first
 * broker and move nothing.
 */
export function firstPlacement(image: MetadataImage, topic: string, brokers: PlacementBrokers): number {
  if (isInternalTopic(topic)) return 0;
  return placementAfter(brokers, image.topics.lastUserTopic?.partitions.at(-1)?.replicas[0]);
}

/** The index of the broker that follows `previous` in placement order. */
export function placementAfter(brokers: PlacementBrokers, previous: number | undefined): number {
  if (previous === undefined || brokers.ids.length === 0) return 0;
  const index = brokers.ids.indexOf(previous);
  if (index >= 0) return (index + 1) % brokers.ids.length;
  // It is gone: the next id takes its turn.
  const next = brokers.ids.findIndex((id) => id > previous);
  return Math.max(next, 0);
}

/**
 * Round robin: partition i starts at broker `start + i`, and its other replicas follow in order, on other racks first where
 * racks are known. Active brokers come before those that are fenced, so that a partition has a leader.
 *
 * @throws ApiError INVALID_REPLICATION_FACTOR
 */
export function placeReplicas(
  brokers: PlacementBrokers,
  start: number,
  partitions: number,
  replicationFactor: number,
): number[][] {
  const { ids, isActive } = brokers;
  checkReplicationFactor(brokers, replicationFactor);
  return Array.from({ length: partitions }, (_, partition) => {
    const turn = ids.map((_id, step) => ids[(start + partition + step) % ids.length]!);
    const order = [...turn.filter(isActive), ...turn.filter((id) => !isActive(id))];
    return spread(order, replicationFactor, brokers.rackOf);
  });
}

function checkReplicationFactor(brokers: PlacementBrokers, replicationFactor: number): void {
  const { ids } = brokers;
  const why =
    replicationFactor > ids.length
      ? `The target replication factor of ${replicationFactor} cannot be reached because only ${ids.length} broker(s) are registered or some brokers have all their log directories cordoned.`
      : !ids.some(brokers.isActive)
        ? 'All brokers are currently fenced or have all their log directories cordoned.'
        : undefined;
  if (why === undefined) return;
  throw new ApiError(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    `Unable to replicate the partition ${replicationFactor} time(s): ${why}`,
  );
}

/** The first `count` of `order`, but no rack twice while another is left. */
function spread(order: readonly number[], count: number, rackOf: (id: number) => string | null): number[] {
  const chosen: number[] = [];
  let rest = [...order];
  while (chosen.length < count) {
    const racks = new Set<string | null>();
    const skipped: number[] = [];
    for (const id of rest) {
      const rack = rackOf(id);
      if (chosen.length === count || (rack !== null && racks.has(rack))) skipped.push(id);
      else {
        chosen.push(id);
        racks.add(rack);
      }
    }
    rest = skipped;
  }
  return chosen;
}
