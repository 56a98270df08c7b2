import type { BrokerLifecycle, ClusterState, PartitionState } from '../../../../extension/shared/cluster-protocol.ts';

/** Three brokers that run, of which 1 is the controller, with partitions as given. */
export function clusterState(
  partitions: readonly PartitionState[],
  states: Readonly<Record<number, BrokerLifecycle>> = {},
): ClusterState {
  return {
    clusterId: 'c',
    bootstrap: '',
    dataDir: '/d',
    controllerId: 1,
    controllerEpoch: 5,
    quorum: {
      leaderId: 1,
      epoch: 5,
      voters: [1, 2, 3].map((id) => ({ id, alive: (states[id] ?? 'running') === 'running' })),
      hasMajority: true,
      highWatermark: 9,
    },
    brokers: [1, 2, 3].map((id) => ({
      ...{ id, state: states[id] ?? 'running', roles: ['broker', 'controller'], fenced: false, faults: [] },
      ...{ host: '127.0.0.1', port: 9091 + id, controllerPort: 10_091 + id, logDirs: [] },
    })),
    controllers: [],
    partitions,
  };
}

/** `ends` are log ends by broker. */
export function partition(
  topic: string,
  index: number,
  fields: Partial<PartitionState> & { readonly ends?: Readonly<Record<number, number>> } = {},
): PartitionState {
  const { ends = { 1: 10, 2: 10, 3: 10 }, ...rest } = fields;
  return {
    ...{ topic, topicId: topic, partition: index, leader: 1, leaderEpoch: 0, partitionEpoch: 0 },
    ...{ replicas: [1, 2, 3], isr: [1, 2, 3], elr: [] },
    replicaStates: Object.entries(ends).map(([broker, logEndOffset]) => ({
      ...{ broker: Number(broker), logStartOffset: 0, logEndOffset, highWatermark: 9, sizeBytes: 0, segmentCount: 1 },
    })),
    ...rest,
  };
}
