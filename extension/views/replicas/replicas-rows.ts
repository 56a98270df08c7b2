import type { BrokerState, ClusterState, Fault, PartitionState } from '../../shared/cluster-protocol.ts';
import type { ReplicaRole } from '../../shared/offsets-contract.ts';
import { lostMajority, withoutMajority } from '../../shared/quorum-health.ts';
import { isLeaderless } from '../../shared/replicas-contract.ts';
import type {
  ReplicaCell,
  ReplicasBroker,
  ReplicasPartition,
  ReplicasSummary,
} from '../../shared/replicas-contract.ts';

/** Partitions as rows: by topic name, then number; internal topics last. */
export function toRows(state: ClusterState): ReplicasPartition[] {
  const dead = new Set(state.brokers.filter((broker) => !isAlive(broker)).map(({ id }) => id));
  return [...state.partitions].sort(byName).map((partition) => toRow(partition, dead));
}

export function toBrokers(state: ClusterState): ReplicasBroker[] {
  return state.brokers.map((broker) => ({
    id: broker.id,
    state: broker.state,
    fenced: broker.fenced === true,
    isController: broker.id === state.controllerId,
    rack: broker.rack ?? null,
    error: broker.error ?? null,
    fault: describeFaults(broker),
  }));
}

export function summarize(
  state: ClusterState,
  topic: string | null,
  rows: readonly ReplicasPartition[],
): ReplicasSummary {
  const trouble = lostMajority(state.quorum.voters);
  return {
    topic,
    partitionCount: rows.length,
    underReplicated: rows.filter(({ isr, replicas }) => isr.length < replicas.length).length,
    leaderless: rows.filter(isLeaderless).length,
    notPreferred: rows.filter(isLedByAnother).length,
    quorumTrouble: trouble === undefined ? null : { text: trouble, meaning: withoutMajority },
    controllerEpoch: state.controllerId < 0 ? -1 : state.controllerEpoch,
  };
}

/** Whether the preferred leader could lead, and does not. */
export function isLedByAnother({ leader, isr, replicas }: ReplicasPartition): boolean {
  const preferred = replicas[0]?.broker;
  return preferred !== undefined && leader >= 0 && leader !== preferred && isr.includes(preferred);
}

export function sameRow(before: ReplicasPartition | undefined, after: ReplicasPartition): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

function toRow(partition: PartitionState, dead: ReadonlySet<number>): ReplicasPartition {
  const known = new Map(partition.replicaStates.map((replica) => [replica.broker, replica]));
  const leader = known.get(partition.leader);
  const leaderEnd = offsetOrNull(leader?.logEndOffset);
  return {
    topic: partition.topic,
    partition: partition.partition,
    leader: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    highWatermark: offsetOrNull(leader?.highWatermark),
    isr: partition.isr,
    elr: partition.elr,
    replicas: partition.replicas.map((broker): ReplicaCell => {
      const logEnd = offsetOrNull(known.get(broker)?.logEndOffset);
      const lag = logEnd === null || leaderEnd === null ? null : Math.max(0, leaderEnd - logEnd);
      return { broker, role: roleOf(partition, broker, dead), logEnd, lag };
    }),
  };
}

function roleOf({ leader, isr, elr }: PartitionState, broker: number, dead: ReadonlySet<number>): ReplicaRole {
  if (dead.has(broker)) return elr.includes(broker) ? 'eligible' : 'offline';
  if (broker === leader) return 'leader';
  if (isr.includes(broker)) return 'inSync';
  return elr.includes(broker) ? 'eligible' : 'behind';
}

/** A frozen broker may wake up any time: what it holds is not lost. */
function isAlive({ state }: BrokerState): boolean {
  return state === 'running' || state === 'frozen' || state === 'stopping';
}

function offsetOrNull(offset: number | undefined): number | null {
  return offset === undefined || offset < 0 ? null : offset;
}

function describeFaults({ id, faults }: BrokerState): string | null {
  const words = faults.map((fault) => describeFault(id, fault));
  return words.length === 0 ? null : [...new Set(words)].join(', ');
}

function describeFault(id: number, fault: Fault): string {
  switch (fault.kind) {
    case 'isolate':
      return fault.clients ? 'isolated, also from clients' : 'isolated';
    case 'slow':
      return `slow by ${fault.delayMs} ms`;
    case 'drop':
      return fault.from === id ? `nothing reaches ${fault.to}` : `nothing comes from ${fault.from}`;
  }
}

function byName(a: PartitionState, b: PartitionState): number {
  const internal = Number(a.topic.startsWith('__')) - Number(b.topic.startsWith('__'));
  if (internal !== 0) return internal;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
