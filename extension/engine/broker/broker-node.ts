import { randomUuid } from '../common/random.ts';
import { GroupCoordinatorService } from '../coordinator/group-coordinator-service.ts';
import { parseLogConfig } from '../log/log-config.ts';
import { LogEnvironment } from '../log/log-environment.ts';
import { LogManager } from '../log/log-manager.ts';
import { type RegisteredEndpoint, SecurityProtocol } from '../metadata/broker-registration.ts';
import { ConfigResolver } from '../metadata/config-resolver.ts';
import { EMPTY_IMAGE, type MetadataImage } from '../metadata/metadata-image.ts';
import { MetadataLoader } from '../metadata/metadata-loader.ts';
import { encodeMetadataRecord } from '../metadata/metadata-record.ts';
import { bootstrapFeatureRecords, finalizedFeatures, supportedFeatures } from '../metadata/metadata-version.ts';
import { NO_LEADER } from '../metadata/partition-registration.ts';
import { QuorumController } from '../metadata/quorum-controller.ts';
import { formatLogDirs, readBootstrapRecords } from '../raft/driver/format-directory.ts';
import { RaftDriver } from '../raft/driver/raft-driver.ts';
import { openFilesLimit, shareOpenFiles } from '../server/open-files-limit.ts';
import type { PartitionState, SegmentState } from '../../shared/cluster-protocol.ts';
import { type ApiServices, brokerApis, controllerApis } from './api-table.ts';
import { AutoTopicCreation } from './auto-topic-creation.ts';
import { BrokerLifecycleManager } from './broker-lifecycle.ts';
import { BrokerMetadataPublisher } from './broker-metadata-publisher.ts';
import type { BrokerConfigInput, BrokerPorts, Listener, RunningBroker } from './broker-options.ts';
import { type BrokerSettings, consumerOffsetsShape, readBrokerSettings, readGroupSettings } from './broker-settings.ts';
import { BrokerSockets } from './broker-sockets.ts';
import { FetchSessionCache } from './fetch-session.ts';
import { CONSUMER_OFFSETS } from './internal-topics.ts';
import type { MetadataSource } from './handlers/metadata.ts';
import { openMetadataLog } from './metadata-log.ts';
import { partitionStates, segmentStates } from './partition-states.ts';
import { ProducerIdManager } from './producer-id-manager.ts';
import { ReplicaManager } from './replica-manager.ts';
import { ReplicatedCoordinatorLog } from './replicated-coordinator-log.ts';
import { startError } from './start-error.ts';
import { checkStaticConfig, staticConfig } from './static-config.ts';
import { setAsideStrayLogs } from './stray-logs.ts';
import { TopicConfigs } from './topic-configs.ts';

/** A fetch session that was used this recently is not given away. */
const FETCH_SESSION_EVICTION_MS = 120_000;

/**
 * Starts a node that is broker and controller in one. It serves when the promise resolves. Rejects with a BrokerStartError;
 * nothing is left open then.
 */
export async function startBroker(input: BrokerConfigInput, ports: BrokerPorts): Promise<RunningBroker> {
  let node: BrokerNode | undefined;
  try {
    node = new BrokerNode(input, ports);
    await node.start();
    return node;
  } catch (error) {
    node?.kill();
    throw startError(error, input.logDirs);
  }
}

class BrokerNode implements RunningBroker {
  readonly nodeId: number;
  readonly clusterId: string;
  listeners: readonly Listener[];
  controllerListener: Listener | undefined;
  readonly #input: BrokerConfigInput;
  readonly #ports: BrokerPorts;
  readonly #settings: BrokerSettings;
  readonly #directoryIds: readonly string[];
  readonly #resolver: ConfigResolver;
  readonly #logs: LogManager;
  readonly #raft: RaftDriver;
  readonly #loader: MetadataLoader;
  readonly #controller: QuorumController;
  readonly #replicas: ReplicaManager;
  readonly #groups: GroupCoordinatorService;
  readonly #lifecycle: BrokerLifecycleManager;
  readonly #sockets: BrokerSockets;
  #ended = false;

  /** Formats the directories where that is due and opens the metadata log; nothing runs yet. */
  constructor(input: BrokerConfigInput, ports: BrokerPorts) {
    const { clock, random, fileSystem, logger } = ports;
    this.#input = input;
    this.#ports = ports;
    this.nodeId = input.nodeId;
    this.clusterId = input.clusterId;
    this.listeners = input.listeners;
    this.controllerListener = input.controllerListener;

    const config = staticConfig(input);
    checkStaticConfig(config);
    const resolver = new ConfigResolver(input.nodeId, config);
    const number = (name: string): number => resolver.brokerNumber(EMPTY_IMAGE.configs, name);
    const openFiles = shareOpenFiles(openFilesLimit(fileSystem));
    this.#resolver = resolver;
    this.#settings = readBrokerSettings(resolver, EMPTY_IMAGE.configs);

    const directories = formatLogDirs({
      ...{ fileSystem, clock, random },
      nodeId: input.nodeId,
      clusterId: input.clusterId,
      logDirs: input.logDirs,
      controllerEndpoints: controllersOf(input),
      bootstrapRecords: bootstrapFeatureRecords().map(encodeMetadataRecord),
    });
    this.#directoryIds = directories.flatMap(({ directoryId }) => directoryId ?? []);
    const environment = new LogEnvironment({
      ...{ fileSystem, clock, random, logger },
      maxOpenFiles: openFiles.logFiles,
      producerExpirationMs: number('producer.id.expiration.ms'),
    });
    this.#sockets = new BrokerSockets(ports, this.#settings, openFiles.connections, (bytes) =>
      environment.lentMemory.giveBack(bytes),
    );
    const topicConfigs = new TopicConfigs(resolver);
    this.#logs = new LogManager({
      environment,
      directories: input.logDirs,
      config: parseLogConfig(resolver.topicDefaults(EMPTY_IMAGE.configs)),
      topicConfig: (topic) => {
        const { topics, configs } = this.#loader.image;
        return topics.get(topic) === undefined ? undefined : topicConfigs.of(configs, topic).log;
      },
      onProgress: (loaded, total) => logger.debug(`${loaded} of ${total} logs are open`),
    });
    this.#raft = new RaftDriver({
      ...{ clock, fileSystem, logger },
      nodeId: input.nodeId,
      logDir: input.logDirs[0]!,
      directoryId: directories[0]!.directoryId,
      controllerEndpoints: controllersOf(input),
      openLog: (directory) => openMetadataLog(environment, directory, number('metadata.log.segment.bytes')),
      onFatal: (error) => ports.onFatal(error),
      retentionMaxBytes: number('metadata.max.retention.bytes'),
      retentionMaxMs: number('metadata.max.retention.ms'),
    });
    this.#loader = new MetadataLoader({
      ...{ raft: this.#raft, clock, logger },
      snapshotMaxBytes: number('metadata.log.max.record.bytes.between.snapshots'),
      snapshotMaxIntervalMs: number('metadata.log.max.snapshot.interval.ms'),
    });
    this.#controller = new QuorumController({
      ...{ clock, random, logger, resolver },
      nodeId: input.nodeId,
      clusterId: input.clusterId,
      raft: this.#raft,
      loader: this.#loader,
      bootstrap: readBootstrapRecords(fileSystem, input.logDirs[0]!),
      listeners: [...controllersOf(input).map(registeredEndpoint)],
      brokerSessionTimeoutMs: number('broker.session.timeout.ms'),
      maxIdleIntervalMs: number('metadata.max.idle.interval.ms'),
    });
    this.#replicas = new ReplicaManager({
      brokerId: input.nodeId,
      logs: this.#logs,
      topicConfig: (topic) => topicConfigs.of(this.#loader.image.configs, topic),
      logger,
      image: EMPTY_IMAGE,
    });
    this.#groups = new GroupCoordinatorService({
      ...{ clock, random, logger },
      config: readGroupSettings(resolver, EMPTY_IMAGE.configs),
      log: new ReplicatedCoordinatorLog({ topic: CONSUMER_OFFSETS, replicas: this.#replicas }),
      topics: {
        topicId: (name) => this.#loader.image.topics.get(name)?.id,
        topicName: (id) => this.#loader.image.topics.getById(id)?.name,
        hasPartition: (name, index) => this.#loader.image.topics.partition(name, index) !== undefined,
      },
    });
    this.#lifecycle = new BrokerLifecycleManager({
      ...{ clock, logger, controller: this.#controller },
      heartbeatIntervalMs: this.#settings.heartbeatIntervalMs,
      metadataOffset: () => this.#loader.image.provenance.offset,
    });
  }

  controller(): { id: number; epoch: number } {
    const { leaderId, epoch } = this.#raft.leaderAndEpoch();
    return { id: leaderId, epoch };
  }

  partitions(topic?: string): PartitionState[] {
    return partitionStates(this.#replicas, this.nodeId, topic);
  }

  segments(topic: string, partition: number): SegmentState[] {
    const hosted = this.#replicas.hosted(topic, partition);
    return hosted === undefined ? [] : segmentStates(hosted);
  }

  async start(): Promise<void> {
    const services = this.#services();
    this.listeners = await this.#sockets.bind(this.#input.listeners, brokerApis(services));
    const controllers = await this.#sockets.bind(controllersOf(this.#input), controllerApis(services));
    this.controllerListener = controllers[0]!;
    this.#raft.register(this.#controller);
    this.#raft.start();
    await this.#controller.whenActive();
    // After the metadata, so that each log is recovered by its topic's own configs.
    await this.#logs.load();
    await this.#registerAndServe();
    this.#sockets.open();
  }

  /** Partitions are opened by the first image that is published, once everything before this start is in it. */
  async #registerAndServe(): Promise<void> {
    const { nodeId, clusterId } = this;
    const { random, logger, onEvent } = this.#ports;
    setAsideStrayLogs(this.#logs, this.#loader.image, nodeId, logger);
    // Before there is a group there is no topic for them, and that is no error. An existing topic has the last word.
    this.#groups.startup(this.#resolver.brokerNumber(this.#loader.image.configs, 'offsets.topic.num.partitions'));
    this.#loader.addPublisher(
      new BrokerMetadataPublisher({
        ...{ logger, onEvent, brokerId: nodeId, replicas: this.#replicas, groups: this.#groups },
      }),
    );
    await this.#lifecycle.start({
      brokerId: nodeId,
      clusterId,
      incarnationId: randomUuid(random),
      listeners: this.#advertised().map((listener) => ({
        ...registeredEndpoint(listener),
        unknownTaggedFields: undefined,
      })),
      features: SUPPORTED_FEATURES.map(({ name, minVersion, maxVersion }) => ({
        name,
        minSupportedVersion: minVersion,
        maxSupportedVersion: maxVersion,
        unknownTaggedFields: undefined,
      })),
      rack: this.#settings.rack,
      isMigratingZkBroker: false,
      logDirs: [...this.#directoryIds],
      previousBrokerEpoch: this.#logs.previousBrokerEpoch,
      unknownTaggedFields: undefined,
    });
  }

  /** One address per listener name; a port that was left to the system is the one that was bound. */
  #advertised(): Listener[] {
    const { advertisedListeners } = this.#input;
    const wanted = advertisedListeners.length > 0 ? advertisedListeners : this.listeners;
    const byName = new Map<string, Listener>();
    for (const listener of wanted) {
      if (byName.has(listener.name)) continue;
      const bound = this.listeners.find(({ name }) => name === listener.name);
      byName.set(listener.name, listener.port === 0 ? { ...listener, port: bound?.port ?? 0 } : listener);
    }
    return [...byName.values()];
  }

  #services(): ApiServices {
    const { clock, random, fileSystem, logger } = this.#ports;
    const image = (): MetadataImage => this.#loader.image;
    const source: MetadataSource = {
      clusterId: this.clusterId,
      image,
      controllerId: () => {
        const { id } = this.controller();
        // Clients send what only a controller can do to this broker; it has to be one that they can reach.
        return image().cluster.aliveBroker(id) === undefined ? NO_LEADER : id;
      },
    };
    return {
      ...{ clock, fileSystem, source },
      brokerId: this.nodeId,
      logDirs: this.#input.logDirs,
      settings: this.#settings,
      configs: this.#resolver,
      controller: this.#controller,
      replicas: this.#replicas,
      groups: this.#groups,
      sessions: new FetchSessionCache({
        ...{ clock, random },
        slots: this.#settings.fetchSessionSlots,
        evictionMs: FETCH_SESSION_EVICTION_MS,
      }),
      producerIds: new ProducerIdManager({
        controller: this.#controller,
        brokerId: this.nodeId,
        brokerEpoch: () => this.#lifecycle.brokerEpoch,
      }),
      autoCreation: new AutoTopicCreation({
        controller: this.#controller,
        enabled: () => this.#resolver.broker(image().configs, 'auto.create.topics.enable') === 'true',
        internalShape: () =>
          consumerOffsetsShape(this.#resolver, image().configs, image().cluster.aliveBrokers().length),
        logger,
      }),
      supportedFeatures: SUPPORTED_FEATURES,
      finalizedFeatures: () => ({
        epoch: image().provenance.offset,
        levels: finalizedFeatures(image(), this.#raft.kraftVersion()),
      }),
      describeQuorum: () => this.#raft.describeQuorum(),
    };
  }

  async shutdown(): Promise<void> {
    if (this.#ended) return;
    await this.#lifecycle.shutdown();
    this.#ended = true;
    this.#sockets.stopAccepting();
    this.#groups.shutdown();
    // Answers of the last requests leave in this turn.
    await new Promise<void>((resolve) => this.#ports.clock.defer(resolve));
    this.#sockets.close();
    await this.#logs.shutdown(this.#lifecycle.brokerEpoch);
    this.#controller.close();
    await this.#raft.shutdown();
  }

  kill(): void {
    this.#ended = true;
    this.#sockets.reset();
    this.#lifecycle.stop();
    this.#raft.kill();
    this.#logs.abandon();
    this.#controller.close();
    this.#groups.shutdown();
  }
}

const SUPPORTED_FEATURES = [...supportedFeatures].map(([name, range]) => ({ name, ...range }));

function registeredEndpoint({ name, host, port }: Listener): RegisteredEndpoint {
  return { name, host, port, securityProtocol: SecurityProtocol.PLAINTEXT };
}

function controllersOf({ controllerListener }: BrokerConfigInput): Listener[] {
  return controllerListener === undefined ? [] : [controllerListener];
}
