import type { ClusterClient } from '../client/cluster-client.ts';
import type {
  BrokerState,
  ClusterState,
  PartitionState,
  SegmentState,
  VoterState,
} from '../shared/cluster-protocol.ts';
import { ClientSource } from './client-source.ts';
import type { ClusterSession } from './cluster-session.ts';
import type { BrokerFacts, ReplicaFacts } from './explorer-source.ts';

/** No topic has this name: the supervisor is asked for brokers alone. */
const noTopic = '';

/** The embedded cluster: everything over TCP too, save what Kafka's protocol cannot say. */
export class EmbeddedSource extends ClientSource {
  readonly #session: ClusterSession<ClusterClient>;

  constructor(session: ClusterSession<ClusterClient>) {
    super(() => session.client());
    this.#session = session;
  }

  /** Also those that do not run, which no broker would tell; then the controllers. */
  override async brokers(): Promise<readonly BrokerFacts[]> {
    const state = await this.#state();
    return [...state.brokers, ...state.controllers].map((broker) => brokerFacts(broker, state));
  }

  async voters(): Promise<readonly VoterState[]> {
    return (await this.#state()).quorum.voters;
  }

  async replicas(topic: string, partition: number): Promise<readonly ReplicaFacts[]> {
    const { brokers, partitions } = await this.#session.send('state', { topic });
    const found = partitions.find((each) => each.partition === partition);
    return found?.replicas.map((broker) => replicaFacts(found, broker, brokers)) ?? [];
  }

  async segments(topic: string, partition: number, broker: number): Promise<readonly SegmentState[]> {
    const { segments } = await this.#session.send('segments', { broker, topic, partition });
    return segments;
  }

  #state(): Promise<ClusterState> {
    return this.#session.send('state', { topic: noTopic });
  }
}

function brokerFacts(broker: BrokerState, { controllerId, quorum }: ClusterState): BrokerFacts {
  const { id, host, port, controllerPort, state, error, rack, fenced, faults, roles } = broker;
  const isOnlyController = !roles.includes('broker');
  return {
    id,
    host,
    port: isOnlyController ? controllerPort : port,
    rack: rack ?? null,
    isController: id === controllerId,
    state,
    own: {
      isOnlyController,
      isVoter: quorum.voters.some((voter) => voter.id === id),
      faults,
      ...(fenced === undefined ? {} : { fenced }),
    },
    ...(error === undefined ? {} : { error }),
  };
}

function replicaFacts(partition: PartitionState, broker: number, brokers: readonly BrokerState[]): ReplicaFacts {
  const endOf = (id: number): number | undefined => {
    const end = partition.replicaStates.find((replica) => replica.broker === id)?.logEndOffset ?? -1;
    return end < 0 ? undefined : end;
  };
  const end = endOf(broker);
  const leaderEnd = endOf(partition.leader);
  const sizeBytes = partition.replicaStates.find((replica) => replica.broker === broker)?.sizeBytes;
  return {
    broker,
    isLeader: partition.leader === broker,
    isPreferred: partition.replicas[0] === broker,
    isInSync: partition.isr.includes(broker),
    isOnline: brokers.some(({ id, state }) => id === broker && state === 'running'),
    ...(end === undefined ? {} : { end }),
    ...(end === undefined || leaderEnd === undefined ? {} : { lag: Math.max(0, leaderEnd - end) }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  };
}
