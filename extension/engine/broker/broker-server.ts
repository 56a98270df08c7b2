import type { BrokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import type { PartitionState, SegmentState } from '../../shared/cluster-protocol.ts';
import type { NodeNetwork } from '../common/network.ts';
import { randomUuid } from '../common/random.ts';
import { GroupCoordinatorService } from '../coordinator/group-coordinator-service.ts';
import { parseLogConfig } from '../log/log-config.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import { LogManager } from '../log/log-manager.ts';
import type { MetaProperties } from '../log/meta-properties.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import { EMPTY_IMAGE, type MetadataImage } from '../metadata/metadata-image.ts';
import { directoryOf, NO_LEADER } from '../metadata/partition-registration.ts';
import type { AnyApiHandler } from '../server/api-handler.ts';
import { AutoTopicCreation } from './auto-topic-creation.ts';
import { brokerApis } from './broker-apis.ts';
import { BrokerLifecycleManager } from './broker-lifecycle.ts';
import { BrokerMetadataPublisher } from './broker-metadata-publisher.ts';
import type { BrokerConfigInput, BrokerPorts, Listener } from './broker-options.ts';
import { type BrokerSettings, consumerOffsetsShape, readGroupSettings } from './broker-settings.ts';
import { FetchSessionCache } from './fetch-session.ts';
import type { MetadataSource } from './handlers/metadata.ts';
import { CONSUMER_OFFSETS } from './internal-topics.ts';
import { LogDirectoriesWatch } from './log-directories-watch.ts';
import { readLogSettings } from './log-settings.ts';
import { partitionStates, segmentStates } from './partition-states.ts';
import { ProducerIdManager } from './producer-id-manager.ts';
import { ReplicaManager } from './replica-manager.ts';
import { readReplicationSettings } from './replication-settings.ts';
import { ReplicatedCoordinatorLog } from './replicated-coordinator-log.ts';
import { REGISTERED_FEATURES, registeredEndpoint, type SharedServer } from './shared-server.ts';
import { finishAbandonedMoves, setAsideStrayLogs } from './stray-logs.ts';
import { TopicConfigs } from './topic-configs.ts';

/** A fetch session that was used this recently is not given away. */
const FETCH_SESSION_EVICTION_MS = 120_000;

/** How long after its own start a broker expects the other voters to become brokers too. */
const JOINING_MS = 10_000;

export interface BrokerServerOptions {
  /** With the ports that were bound. */
  readonly input: BrokerConfigInput;
  readonly ports: BrokerPorts;
  readonly network: NodeNetwork;
  readonly shared: SharedServer;
  readonly settings: BrokerSettings;
  readonly resolver: ConfigResolver;
  readonly environment: LogEnvironment;
  readonly directories: readonly MetaProperties[];
  /** Those of `log.dirs` that cannot be used, and why. */
  readonly unusable: ReadonlyMap<string, Error>;
}

/** A node's part as a broker: holds partitions, serves clients, coordinates groups. */
export class BrokerServer {
  readonly apis: readonly AnyApiHandler[];
  readonly #options: BrokerServerOptions;
  readonly #startedMs: number;
  readonly #logs: LogManager;
  readonly #directories: LogDirectoriesWatch;
  readonly #replicas: ReplicaManager;
  readonly #groups: GroupCoordinatorService;
  readonly #lifecycle: BrokerLifecycleManager;

  constructor(options: BrokerServerOptions) {
    const { input, ports, shared, resolver, environment, settings } = options;
    const { clock, random, logger } = ports;
    this.#options = options;
    this.#startedMs = clock.monotonicMs();
    const topicConfigs = new TopicConfigs(resolver);
    this.#logs = new LogManager({
      environment,
      directories: input.logDirs,
      config: parseLogConfig(resolver.topicDefaults(EMPTY_IMAGE.configs)),
      topicConfig: (topic) => {
        const { topics, configs } = shared.loader.image;
        return topics.get(topic) === undefined ? undefined : topicConfigs.of(configs, topic).log;
      },
      assignedDirectory: (topic, partition) => {
        const registration = shared.loader.image.topics.partition(topic, partition);
        return registration === undefined ? undefined : directoryOf(registration, input.nodeId);
      },
      unusable: options.unusable,
      isCordoned: (path) => this.#directories.isCordoned(path),
      onDirectoryFailed: (directory, error) => this.#directories.onFailed(directory, error),
      hasOtherReplicas: (topic, partition) =>
        (shared.loader.image.topics.partition(topic, partition)?.replicas.length ?? 0) > 1,
      ...(ports.recoverer === undefined ? {} : { recoverer: ports.recoverer }),
      ...readLogSettings(resolver, input.nodeId, ports.onEvent),
    });
    this.#directories = new LogDirectoriesWatch({
      ...{ clock, logger, resolver, logs: this.#logs, lent: environment.lentMemory, controller: shared.channel },
      brokerId: input.nodeId,
      brokerEpoch: () => this.#lifecycle.brokerEpoch,
      image: () => shared.loader.image,
      onOffline: ({ path }) => {
        this.#replicas.onDirectoryFailed(path);
        this.#lifecycle.beatNow();
      },
      onFatal: (error) => ports.onFatal(error),
    });
    this.#replicas = new ReplicaManager({
      brokerId: input.nodeId,
      logs: this.#logs,
      topicConfig: (topic) => topicConfigs.of(shared.loader.image.configs, topic),
      image: EMPTY_IMAGE,
      ...{ clock, logger, network: options.network, controller: shared.channel, onEvent: ports.onEvent },
      settings: readReplicationSettings(resolver, EMPTY_IMAGE.configs),
      throttledRates: {
        leader: () => resolver.brokerNumber(shared.loader.image.configs, 'leader.replication.throttled.rate'),
        follower: () => resolver.brokerNumber(shared.loader.image.configs, 'follower.replication.throttled.rate'),
      },
      directories: this.#directories.replicas,
      brokerEpoch: () => this.#lifecycle.brokerEpoch,
    });
    this.#groups = new GroupCoordinatorService({
      ...{ clock, random, logger },
      config: readGroupSettings(resolver, EMPTY_IMAGE.configs),
      log: new ReplicatedCoordinatorLog({ topic: CONSUMER_OFFSETS, replicas: this.#replicas }),
      topics: {
        topicId: (name) => shared.loader.image.topics.get(name)?.id,
        topicName: (id) => shared.loader.image.topics.getById(id)?.name,
        hasPartition: (name, index) => shared.loader.image.topics.partition(name, index) !== undefined,
      },
    });
    this.#lifecycle = new BrokerLifecycleManager({
      ...{ clock, logger, controller: shared.channel },
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      registrationTimeoutMs: resolver.brokerNumber(EMPTY_IMAGE.configs, 'initial.broker.registration.timeout.ms'),
      metadataOffset: () => shared.loader.image.provenance.offset,
      offlineLogDirs: () => this.#directories.offlineIds(),
      cordonedLogDirs: () => this.#directories.cordonedIds(),
    });
    this.apis = this.#makeApis();
  }

  /** Undefined before the registration. */
  get isFenced(): boolean | undefined {
    return this.#lifecycle.brokerEpoch < 0 ? undefined : this.#lifecycle.isFenced;
  }

  partitions(topic?: string): PartitionState[] {
    return partitionStates(this.#replicas.image.topics, this.#replicas, this.#options.input.nodeId, topic);
  }

  segments(topic: string, partition: number): SegmentState[] {
    const hosted = this.#replicas.hosted(topic, partition);
    return hosted === undefined ? [] : segmentStates(hosted);
  }

  onLeaderChange(): void {
    this.#lifecycle.beatNow();
  }

  /** Registers, opens the logs once the metadata are there, and resolves when clients may be served. Rejects with ApiError. */
  async start(): Promise<void> {
    const { input, ports, shared, resolver } = this.#options;
    const { logger, onEvent } = ports;
    await this.#lifecycle.register(this.#registration());
    // The registration is in the image: so is everything before this start. Each log is recovered by its topic's own configs.
    await this.#whenReplayed(this.#lifecycle.brokerEpoch);
    await this.#logs.load();
    const { image } = shared.loader;
    setAsideStrayLogs(this.#logs, image, input.nodeId, logger);
    finishAbandonedMoves(this.#logs, image, input.nodeId, logger);
    // Before there is a group there is no topic for them, and that is no error. An existing topic has the last word.
    this.#groups.startup(resolver.brokerNumber(image.configs, 'offsets.topic.num.partitions'));
    // Partitions are opened by the image that is published first.
    shared.loader.addPublisher(
      new BrokerMetadataPublisher({
        ...{ logger, onEvent, brokerId: input.nodeId, replicas: this.#replicas, groups: this.#groups },
      }),
    );
    await this.#lifecycle.serve();
  }

  relinquish(): Promise<void> {
    return this.#lifecycle.relinquish();
  }

  /** No more heartbeats, no more groups: what follows is the end of the sockets. */
  stopServing(): void {
    this.#lifecycle.stop();
    this.#replicas.close();
    this.#directories.close();
    this.#groups.shutdown();
  }

  closeLogs(): Promise<void> {
    return this.#logs.shutdown(this.#lifecycle.brokerEpoch);
  }

  kill(): void {
    this.#lifecycle.stop();
    this.#replicas.close();
    this.#directories.close();
    this.#logs.abandon();
    this.#groups.shutdown();
  }

  #whenReplayed(offset: number): Promise<void> {
    const { loader } = this.#options.shared;
    if (loader.image.provenance.offset >= offset) return Promise.resolve();
    return new Promise((resolve) => {
      const publisher = {
        name: 'start of the broker',
        onMetadataUpdate(_: unknown, { provenance }: MetadataImage): void {
          if (provenance.offset < offset) return;
          loader.removePublisher(publisher);
          resolve();
        },
      };
      loader.addPublisher(publisher);
    });
  }

  #registration(): BrokerRegistrationRequest {
    const { input, ports, settings, directories } = this.#options;
    return {
      brokerId: input.nodeId,
      clusterId: input.clusterId,
      incarnationId: randomUuid(ports.random),
      listeners: this.#advertised().map((listener) => ({
        ...registeredEndpoint(listener),
        unknownTaggedFields: undefined,
      })),
      features: REGISTERED_FEATURES,
      rack: settings.rack,
      isMigratingZkBroker: false,
      logDirs: directories.flatMap(({ directoryId }) => directoryId ?? []),
      previousBrokerEpoch: this.#logs.previousBrokerEpoch,
      unknownTaggedFields: undefined,
    };
  }

  /** One address per listener name; a port that was left to the system is the one that was bound. */
  #advertised(): Listener[] {
    const { listeners, advertisedListeners } = this.#options.input;
    const wanted = advertisedListeners.length > 0 ? advertisedListeners : listeners;
    const byName = new Map<string, Listener>();
    for (const listener of wanted) {
      if (byName.has(listener.name)) continue;
      const bound = listeners.find(({ name }) => name === listener.name);
      byName.set(listener.name, listener.port === 0 ? { ...listener, port: bound?.port ?? 0 } : listener);
    }
    return [...byName.values()];
  }

  #makeApis(): AnyApiHandler[] {
    const { input, ports, shared, settings, resolver } = this.#options;
    const { clock, random, fileSystem, logger } = ports;
    const image = (): MetadataImage => shared.loader.image;
    const source: MetadataSource = { clusterId: input.clusterId, image, controllerId: () => this.#controllerId() };
    return brokerApis({
      ...{ clock, fileSystem, source, settings, configs: resolver },
      brokerId: input.nodeId,
      logs: this.#logs,
      directories: this.#directories,
      controller: shared.channel,
      replicas: this.#replicas,
      groups: this.#groups,
      sessions: new FetchSessionCache({
        ...{ clock, random },
        slots: settings.fetchSessionSlots,
        evictionMs: FETCH_SESSION_EVICTION_MS,
      }),
      producerIds: new ProducerIdManager({
        controller: shared.channel,
        brokerId: input.nodeId,
        brokerEpoch: () => this.#lifecycle.brokerEpoch,
      }),
      autoCreation: new AutoTopicCreation({
        controller: shared.channel,
        enabled: () => resolver.broker(image().configs, 'auto.create.topics.enable') === 'true',
        internalShape: () => consumerOffsetsShape(resolver, image().configs, this.#brokersToCount()),
        logger,
      }),
      supportedFeatures: shared.supportedFeatures,
      finalizedFeatures: () => shared.finalizedFeatures(),
      raft: shared.raft,
    });
  }

  /**
   * How many brokers may hold an internal topic that is made now: it would keep too few replicas for ever. Fenced ones count, since
   * they come back; and soon after a start those that are about to register, which is every voter where voters are brokers.
   */
  #brokersToCount(): number {
    const { input, ports, shared } = this.#options;
    const { size } = shared.loader.image.cluster.brokers;
    const isStarting = ports.clock.monotonicMs() - this.#startedMs < JOINING_MS;
    if (!isStarting || !input.roles.includes('controller')) return size;
    return Math.max(size, shared.raft.describeQuorum().nodes.length);
  }

  /**
   * Clients send to this broker what only a controller can do; it has to be one that they can reach, and every broker passes it
   * on. Where the controller is no broker this one is named.
   */
  #controllerId(): number {
    const { input, shared } = this.#options;
    const { cluster } = shared.loader.image;
    const { leaderId } = shared.raft.leaderAndEpoch();
    if (leaderId < 0) return NO_LEADER;
    return [leaderId, input.nodeId].find((id) => cluster.aliveBroker(id) !== undefined) ?? NO_LEADER;
  }
}
