import type { MetadataImage } from '../metadata/metadata-image.ts';

/** Where a client should have gone, for Produce and Fetch answers with NOT_LEADER_OR_FOLLOWER and the like (KIP-951). */
export interface LeaderHint {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export function currentLeader(image: MetadataImage, topic: string, partition: number): LeaderHint | undefined {
  const registration = image.topics.partition(topic, partition);
  return registration && { leaderId: registration.leader, leaderEpoch: registration.leaderEpoch };
}

/** Addresses of brokers on one listener; those that are gone or lack the listener are left out. */
export function nodeEndpoints(image: MetadataImage, ids: Iterable<number>, listenerName: string): NodeEndpoint[] {
  const endpoints: NodeEndpoint[] = [];
  for (const id of new Set(ids)) {
    const broker = image.cluster.aliveBroker(id);
    const endpoint = broker?.listeners.find((listener) => listener.name === listenerName);
    if (broker && endpoint) endpoints.push({ nodeId: id, host: endpoint.host, port: endpoint.port, rack: broker.rack });
  }
  return endpoints;
}
