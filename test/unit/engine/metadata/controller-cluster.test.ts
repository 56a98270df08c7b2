import { describe, expect, test } from 'vitest';
import type { ClusterEvent } from '../../../../extension/shared/cluster-protocol.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { ConfigResolver } from '../../../../extension/engine/metadata/config-resolver.ts';
import { supportedFeatures } from '../../../../extension/engine/metadata/metadata-version.ts';
import type { QuorumControllerOptions } from '../../../../extension/engine/metadata/quorum-controller.ts';
import { settle } from '../../../support/fake-clock.ts';
import { CLUSTER_ID, controllerFixture, directoryId, uuid } from './metadata-fixture.ts';
import type { ControllerFixture } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };

const features = [...supportedFeatures].map(([name, { minVersion, maxVersion }]) => ({
  ...{ name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion, ...none },
}));

/** Node 1 is the controller; the brokers talk to it. */
class ControlledCluster {
  readonly fixture: ControllerFixture;
  readonly events: ClusterEvent[] = [];
  readonly epochs = new Map<number, number>();
  #incarnation = 500;

  constructor(options: Partial<QuorumControllerOptions> = {}) {
    this.fixture = controllerFixture({ onEvent: (event) => void this.events.push(event), ...options });
    this.fixture.raft.elect(1, 1);
    this.fixture.raft.commit();
  }

  get controller() {
    return this.fixture.controller;
  }

  /** What a promise answers once everything is committed. */
  async #committed<R>(answer: Promise<R>): Promise<R> {
    this.fixture.raft.commit();
    const value = await answer;
    await settle();
    return value;
  }

  async register(brokerId: number): Promise<void> {
    const { brokerEpoch } = await this.#committed(
      this.controller.registerBroker({
        ...{ brokerId, clusterId: CLUSTER_ID, incarnationId: uuid(this.#incarnation++), listeners: [], features },
        ...{
          rack: null,
          isMigratingZkBroker: false,
          logDirs: [directoryId(brokerId)],
          previousBrokerEpoch: -1,
          ...none,
        },
      }),
    );
    this.epochs.set(brokerId, brokerEpoch ?? -1);
  }

  beat(brokerId: number, shape: { wantShutDown?: boolean; offset?: number } = {}) {
    const { wantShutDown = false, offset = this.fixture.loader.image.provenance.offset } = shape;
    return this.#committed(
      this.controller.heartbeat({
        ...{ brokerId, brokerEpoch: this.epochs.get(brokerId) ?? -1, currentMetadataOffset: offset },
        ...{ wantFence: false, wantShutDown, offlineLogDirs: [], cordonedLogDirs: null, ...none },
      }),
    );
  }

  async start(...brokers: number[]): Promise<this> {
    for (const broker of brokers) {
      await this.register(broker);
      await this.beat(broker);
    }
    return this;
  }

  topic(name: string, replicas: number[][], configs: Record<string, string> = {}) {
    const topic = {
      ...{ name, numPartitions: -1, replicationFactor: -1, ...none },
      assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds, ...none })),
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value, ...none })),
    };
    return this.#committed(
      this.controller.createTopics({ topics: [topic], timeoutMs: 1, validateOnly: false, ...none }),
    );
  }

  alterIsr(name: string, isr: number[]) {
    const { id, partitions } = this.fixture.loader.image.topics.get(name)!;
    const { leader, leaderEpoch, partitionEpoch } = partitions[0]!;
    const partition = {
      ...{ partitionIndex: 0, leaderEpoch, partitionEpoch, leaderRecoveryState: 0, newIsr: isr, newIsrWithEpochs: [] },
    };
    const topics = [{ topicId: id, partitions: [{ ...partition, ...none }], ...none }];
    const request = { brokerId: leader, brokerEpoch: this.epochs.get(leader)!, topics, ...none };
    return this.#committed(this.controller.alterPartition(request));
  }

  setConfig(name: string, value: string) {
    const resource = {
      resourceType: 4,
      resourceName: '',
      configs: [{ name, configOperation: 0, value, ...none }],
      ...none,
    };
    return this.#committed(
      this.controller.incrementalAlterConfigs({ resources: [resource], validateOnly: false, ...none }),
    );
  }

  /** Lets time pass, with the heartbeats of some brokers every second. */
  async pass(ms: number, ...beating: number[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      await this.fixture.clock.advance(Math.min(1000, ms - passed));
      this.fixture.raft.commit();
      for (const broker of beating) await this.beat(broker);
    }
    await settle();
  }

  state(name: string): string {
    const { leader, isr, elr } = this.fixture.loader.image.topics.partition(name, 0)!;
    return `${leader} [${isr.join()}]${elr.length > 0 ? ` elr [${elr.join()}]` : ''}`;
  }

  get alive(): number[] {
    return this.fixture.loader.image.cluster.aliveBrokers().map(({ id }) => id);
  }

  reasons(): string[] {
    return this.events.splice(0).map((event) => ('reason' in event ? event.reason : event.event));
  }
}

describe('a broker that is gone', () => {
  test('is fenced at once when nobody listens on its port', async () => {
    const cluster = await new ControlledCluster().start(1, 2, 3);
    await cluster.topic('A', [[2, 3, 1]]);
    cluster.reasons();
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    cluster.fixture.raft.commit();
    expect(cluster.state('A')).toBe('3 [3,1]');
    expect(cluster.reasons()).toEqual([
      'broker 2 stopped: nobody listens on its port',
      'broker 2 stopped: nobody listens on its port; 3 is the first of [2,3,1] that is alive and in sync; 2 of 3 in sync: ISR [3,1]; epoch 1',
    ]);
  });

  test('in another life, or fenced already, changes nothing', async () => {
    const cluster = await new ControlledCluster().start(1, 2);
    const { offset } = cluster.fixture.loader.image.provenance;
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)! - 1);
    cluster.controller.onBrokerUnreachable(7, 1);
    cluster.fixture.raft.commit();
    expect(cluster.fixture.loader.image.provenance.offset).toBe(offset);
    cluster.fixture.raft.elect(2, 2);
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    await settle();
    expect(cluster.alive).toEqual([1, 2]);
  });

  test('is fenced when its session ends: as long as that is configured to be, and no sooner', async () => {
    for (const brokerSessionTimeoutMs of [9000, 1000]) {
      const cluster = await new ControlledCluster({ brokerSessionTimeoutMs }).start(1, 2);
      await cluster.pass(brokerSessionTimeoutMs - 1);
      expect(cluster.alive).toEqual([1, 2]);
      await cluster.pass(1);
      expect(cluster.alive).toEqual([1]);
      expect(cluster.reasons().at(-1)).toContain('nothing heard of it for');
    }
  });

  test('has a full session again under a new controller', async () => {
    const cluster = await new ControlledCluster().start(1, 2);
    await cluster.pass(8000);
    cluster.fixture.raft.elect(-1, 1);
    cluster.fixture.raft.elect(1, 2);
    cluster.fixture.raft.commit();
    await cluster.pass(8999);
    expect(cluster.alive).toEqual([1, 2]);
    await cluster.pass(1);
    expect(cluster.alive).toEqual([1]);
  });

  test('no event is told twice, and none before it is committed', async () => {
    const cluster = await new ControlledCluster().start(1, 2);
    cluster.reasons();
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    await settle();
    expect(cluster.reasons()).toEqual([]);
    cluster.fixture.raft.elect(3, 2);
    expect(cluster.reasons()).toEqual([]);
    expect(cluster.alive).toEqual([1, 2]);
  });
});

describe('a controlled shutdown', () => {
  test('ends when others lead what the broker has led, and know it', async () => {
    const cluster = await new ControlledCluster().start(1, 2, 3);
    await cluster.topic('A', [[2, 3, 1]]);
    const before = cluster.fixture.loader.image.provenance.offset;
    expect((await cluster.beat(2, { wantShutDown: true })).shouldShutDown).toBe(false);
    expect(cluster.state('A')).toBe('3 [3,1]');
    await cluster.beat(3, { offset: before });
    expect((await cluster.beat(2, { wantShutDown: true })).shouldShutDown).toBe(false);
    await cluster.beat(3);
    expect((await cluster.beat(2, { wantShutDown: true })).shouldShutDown).toBe(true);
    expect(cluster.alive).toEqual([1, 3]);
    expect(cluster.events.filter(({ event }) => event === 'registration').slice(-2)).toMatchObject([
      { broker: 2, state: 'controlled-shutdown', reason: 'broker 2 is shutting down' },
      { broker: 2, state: 'fenced' },
    ]);
  });

  test('of the last broker does not wait for others', async () => {
    const cluster = await new ControlledCluster().start(1);
    await cluster.topic('A', [[1]]);
    await cluster.beat(1, { wantShutDown: true });
    expect((await cluster.beat(1, { wantShutDown: true })).shouldShutDown).toBe(true);
    expect(cluster.state('A')).toBe('-1 [] elr [1]');
  });
});

describe('the controller by itself', () => {
  test('balances leaders after the interval, once the preferred one is in sync', async () => {
    const cluster = await new ControlledCluster().start(1, 2, 3);
    await cluster.topic('A', [[2, 3, 1]]);
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    cluster.fixture.raft.commit();
    await cluster.beat(2);
    await cluster.alterIsr('A', [3, 1, 2]);
    expect(cluster.state('A')).toBe('3 [3,1,2]');
    cluster.reasons();
    await cluster.pass(299_000, 2, 3);
    expect(cluster.state('A')).toBe('3 [3,1,2]');
    await cluster.pass(1000, 2, 3);
    expect(cluster.state('A')).toBe('2 [3,1,2]');
    expect(cluster.reasons().at(-1)).toContain('leaders are balanced; 2 is the preferred leader');
  });

  test('does not where that is switched off', async () => {
    const resolver = new ConfigResolver(1, { 'auto.leader.rebalance.enable': 'false' });
    const cluster = await new ControlledCluster({ resolver }).start(1, 2);
    await cluster.topic('A', [[2, 1]]);
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    cluster.fixture.raft.commit();
    await cluster.beat(2);
    await cluster.alterIsr('A', [1, 2]);
    await cluster.pass(400_000, 2);
    expect(cluster.state('A')).toBe('1 [1,2]');
  });

  test('elects at once when unclean elections are allowed, for the topic or for all', async () => {
    const cluster = await new ControlledCluster().start(1, 2, 3);
    await cluster.topic('A', [[2, 3]]);
    await cluster.alterIsr('A', [2]);
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    cluster.fixture.raft.commit();
    expect(cluster.state('A')).toBe('-1 [] elr [2]');
    cluster.reasons();
    await cluster.setConfig('unclean.leader.election.enable', 'true');
    expect(cluster.state('A')).toBe('3 [3]');
    expect(cluster.events).toMatchObject([{ event: 'leader', leader: 3, unclean: true }]);
    expect(cluster.reasons()[0]).toContain('unclean elections are allowed from now on');
  });

  test('loses nothing that is committed when another takes over, and forgets what is not', async () => {
    const cluster = await new ControlledCluster().start(1, 2);
    await cluster.topic('kept', [[1, 2]]);
    const topic = { name: 'lost', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...none };
    const lost = cluster.controller.createTopics({ topics: [topic], timeoutMs: 1, validateOnly: false, ...none });
    cluster.fixture.raft.elect(2, 2);
    await expect(lost).rejects.toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
    cluster.fixture.raft.elect(1, 3);
    cluster.fixture.raft.commit();
    expect([...cluster.fixture.loader.image.topics.byName.keys()]).toEqual(['kept']);
    // What the index knows of it has gone too.
    cluster.controller.onBrokerUnreachable(2, cluster.epochs.get(2)!);
    cluster.fixture.raft.commit();
    expect(cluster.state('kept')).toBe('1 [1]');
    await expect(cluster.topic('next', [[1]])).resolves.toMatchObject({ topics: [{ errorCode: 0 }] });
  });

  test('forgets a broker that is unregistered', async () => {
    const cluster = await new ControlledCluster().start(1, 2);
    await cluster.topic('A', [[2, 1]]);
    const gone = cluster.controller.unregisterBroker({ brokerId: 2, ...none });
    cluster.fixture.raft.commit();
    expect((await gone).errorCode).toBe(0);
    expect(cluster.state('A')).toBe('1 [1]');
    expect(cluster.alive).toEqual([1]);
    await expect(cluster.controller.unregisterBroker({ brokerId: 2, ...none })).resolves.toMatchObject({
      errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED,
    });
    await expect(cluster.beat(2)).rejects.toMatchObject({ code: ErrorCode.STALE_BROKER_EPOCH });
  });
});
