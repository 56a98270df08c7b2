import type { LogEnvironment } from '../log/log-environment.ts';
import type { MetaProperties } from '../log/meta-properties.ts';
import type { NodeNetwork } from '../common/network.ts';
import { type RegisteredEndpoint, SecurityProtocol } from '../metadata/broker-registration.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import { EMPTY_IMAGE } from '../metadata/metadata-image.ts';
import { MetadataLoader } from '../metadata/metadata-loader.ts';
import { encodeMetadataRecord } from '../metadata/metadata-record.ts';
import { bootstrapFeatureRecords, finalizedFeatures, supportedFeatures } from '../metadata/metadata-version.ts';
import { QuorumController } from '../metadata/quorum-controller.ts';
import { formatLogDirs, readBootstrapRecords } from '../raft/driver/format-directory.ts';
import { RaftDriver } from '../raft/driver/raft-driver.ts';
import type { LeaderAndEpoch, RaftListener } from '../raft/raft-ports.ts';
import type { BrokerConfigInput, BrokerPorts, Listener, Peers, QuorumVoter } from './broker-options.ts';
import { ControllerChannel } from './controller-channel.ts';
import type { FinalizedFeatures, SupportedFeature } from './handlers/api-versions.ts';
import { openMetadataLog } from './metadata-log.ts';

export interface SharedServerOptions {
  /** With the ports that were bound. */
  readonly input: BrokerConfigInput;
  readonly ports: BrokerPorts;
  readonly network: NodeNetwork;
  readonly resolver: ConfigResolver;
  readonly environment: LogEnvironment;
  readonly directories: readonly MetaProperties[];
  readonly voters: readonly QuorumVoter[];
}

/** What both roles of a node stand on: the metadata log, the image that it amounts to, and the way to the controller. */
export class SharedServer {
  readonly supportedFeatures: readonly SupportedFeature[] = SUPPORTED_FEATURES;
  readonly raft: RaftDriver;
  readonly loader: MetadataLoader;
  /** Decides while this node leads the quorum; elsewhere it only follows. */
  readonly controller: QuorumController;
  /** The controller, wherever it is. */
  readonly channel: ControllerChannel;

  constructor(options: SharedServerOptions) {
    const { input, ports, network, resolver, environment, directories, voters } = options;
    const { clock, random, fileSystem, logger } = ports;
    const number = (name: string): number => resolver.brokerNumber(EMPTY_IMAGE.configs, name);
    const controllerEndpoints = controllersOf(input);
    this.raft = new RaftDriver({
      ...{ clock, fileSystem, logger, network, random, voters, controllerEndpoints },
      nodeId: input.nodeId,
      clusterId: input.clusterId,
      logDir: input.logDirs[0]!,
      directoryId: directories[0]!.directoryId,
      openLog: (directory) => openMetadataLog(environment, directory, number('metadata.log.segment.bytes')),
      onFatal: (error) => ports.onFatal(error),
      onQuorumChange: ({ leaderId, ...status }) => {
        logger.info(`Metadata quorum: ${status.reason}`);
        ports.onEvent({ event: 'quorum', leader: leaderId, ...status });
      },
      timing: {
        electionTimeoutMs: number('controller.quorum.election.timeout.ms'),
        fetchTimeoutMs: number('controller.quorum.fetch.timeout.ms'),
        electionBackoffMaxMs: number('controller.quorum.election.backoff.max.ms'),
        requestTimeoutMs: number('controller.quorum.request.timeout.ms'),
      },
      retentionMaxBytes: number('metadata.max.retention.bytes'),
      retentionMaxMs: number('metadata.max.retention.ms'),
    });
    this.loader = new MetadataLoader({
      ...{ raft: this.raft, clock, logger },
      snapshotMaxBytes: number('metadata.log.max.record.bytes.between.snapshots'),
      snapshotMaxIntervalMs: number('metadata.log.max.snapshot.interval.ms'),
    });
    this.controller = new QuorumController({
      ...{ clock, random, logger, resolver },
      nodeId: input.nodeId,
      clusterId: input.clusterId,
      raft: this.raft,
      loader: this.loader,
      bootstrap: readBootstrapRecords(fileSystem, input.logDirs[0]!),
      listeners: controllerEndpoints.map(registeredEndpoint),
      brokerSessionTimeoutMs: number('broker.session.timeout.ms'),
      maxIdleIntervalMs: number('metadata.max.idle.interval.ms'),
      onEvent: ports.onEvent,
    });
    this.channel = new ControllerChannel({
      ...{ network, clock, local: this.controller },
      leader: () => this.raft.leaderAddress(),
      heartbeatTimeoutMs: number('broker.session.timeout.ms') / 2,
    });
  }

  /** Follows the quorum from now on; a node that votes takes part in it. */
  start(listeners: { onLeaderChange(leader: LeaderAndEpoch): void }): void {
    const { controller, channel } = this;
    const follower: RaftListener = {
      onCommit: (batches) => controller.onCommit(batches),
      onLoadSnapshot: (snapshot) => controller.onLoadSnapshot(snapshot),
      onLeaderChange(leader) {
        controller.onLeaderChange(leader);
        channel.leaderChanged();
        listeners.onLeaderChange(leader);
      },
    };
    this.raft.register(follower);
    this.raft.start();
  }

  finalizedFeatures(): FinalizedFeatures {
    const { image } = this.loader;
    return { epoch: image.provenance.offset, levels: finalizedFeatures(image, this.raft.kraftVersion()) };
  }

  async shutdown(): Promise<void> {
    this.controller.close();
    await this.raft.shutdown();
    this.channel.close();
  }

  kill(): void {
    this.raft.kill();
    this.controller.close();
    this.channel.close();
  }
}

/** Formats the directories where that is due. Throws RaftError, and what the file system throws. */
export function formatDirectories(
  input: BrokerConfigInput,
  ports: BrokerPorts,
  { voters, isNewCluster }: Peers,
  directoryId: string | undefined,
  onUnusable: (path: string, error: Error) => void,
): MetaProperties[] {
  const { fileSystem, clock, random } = ports;
  return formatLogDirs({
    ...{ fileSystem, clock, random, directoryId, onUnusable },
    nodeId: input.nodeId,
    clusterId: input.clusterId,
    logDirs: input.logDirs,
    controllerEndpoints: input.controllerListener === undefined ? undefined : [input.controllerListener],
    initialVoters: isNewCluster ? voters : [],
    bootstrapRecords: bootstrapFeatureRecords().map(encodeMetadataRecord),
  });
}

export function controllersOf({ controllerListener }: Pick<BrokerConfigInput, 'controllerListener'>): Listener[] {
  return controllerListener === undefined ? [] : [controllerListener];
}

export function registeredEndpoint({ name, host, port }: Listener): RegisteredEndpoint {
  return { name, host, port, securityProtocol: SecurityProtocol.PLAINTEXT };
}

const SUPPORTED_FEATURES = [...supportedFeatures].map(([name, range]) => ({ name, ...range }));

/** The features as registrations carry them. */
export const REGISTERED_FEATURES = SUPPORTED_FEATURES.map(({ name, minVersion, maxVersion }) => ({
  name,
  minSupportedVersion: minVersion,
  maxSupportedVersion: maxVersion,
  unknownTaggedFields: undefined,
}));
