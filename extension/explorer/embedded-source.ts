import type { ClusterClient } from '../client/cluster-client.ts';
import type {
  BrokerLifecycle,
  BrokerState,
  ClusterState,
  PartitionState,
  SegmentState,
  VoterState,
} from '../shared/cluster-protocol.ts';
import { ClientSource } from './client-source.ts';
import type { ClusterSession } from './cluster-session.ts';
import type { BrokerFacts, ReplicaFacts, TopicFacts } from './explorer-source.ts';

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
    return [...state.brokers, ...state.controllers].map((broker) => {
      const progress = this.#session.progressOf(broker.id);
      return { ...brokerFacts(broker, state), ...(progress === undefined ? {} : { progress }) };
    });
  }

  /** While nothing can be decided, the metadata go on naming leaders that are gone. */
  override async topics(): Promise<readonly TopicFacts[]> {
    const [topics, { brokers }] = await Promise.all([super.topics(), this.#state()]);
    const down = new Set(brokers.filter(({ state }) => isDown(state)).map(({ id }) => id));
    if (down.size === 0) return topics;
    return topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((each) => (down.has(each.leader) ? { ...each, isLeaderDown: true } : each)),
    }));
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

function isDown(state: BrokerLifecycle): boolean {
  return state === 'stopped' || state === 'killed' || state === 'failed';
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
