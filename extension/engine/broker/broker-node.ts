import type { PartitionState, SegmentState } from '../../shared/cluster-protocol.ts';
import { LineLimiter } from '../common/line-limiter.ts';
import { LogEnvironment } from '../log/log-environment.ts';
import { ConfigResolver } from '../metadata/config-resolver.ts';
import { EMPTY_IMAGE } from '../metadata/metadata-image.ts';
import { firstDirectoryId, isFormatted } from '../raft/driver/format-directory.ts';
import type { LeaderAndEpoch, QuorumDescription } from '../raft/raft-ports.ts';
import { openFilesLimit, shareOpenFiles } from '../server/open-files-limit.ts';
import { RequestProcessor } from '../server/request-processor.ts';
import type { BrokerConfigInput, BrokerPorts, Listener, RunningBroker } from './broker-options.ts';
import { BrokerServer } from './broker-server.ts';
import { type BrokerSettings, readBrokerSettings } from './broker-settings.ts';
import { BrokerSockets } from './broker-sockets.ts';
import { ControllerServer } from './controller-server.ts';
import { NodeLines } from './node-lines.ts';
import { partitionStates } from './partition-states.ts';
import { controllersOf, formatDirectories, SharedServer } from './shared-server.ts';
import { startError } from './start-error.ts';
import { checkStaticConfig, staticConfig } from './static-config.ts';

/**
 * Starts a node as broker, controller or both. It serves when the promise resolves. Rejects with a BrokerStartError; nothing is
 * left open then.
 */
export async function startBroker(input: BrokerConfigInput, ports: BrokerPorts): Promise<RunningBroker> {
  let node: BrokerNode | undefined;
  try {
    const starting = new BrokerNode(input, ports);
    node = starting;
    ports.onStarting?.(() => starting.kill());
    await starting.start();
    return starting;
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
  readonly #resolver: ConfigResolver;
  readonly #settings: BrokerSettings;
  readonly #environment: LogEnvironment;
  readonly #clientProcessor: RequestProcessor;
  readonly #controllerProcessor: RequestProcessor;
  readonly #clientSockets: BrokerSockets;
  readonly #controllerSockets: BrokerSockets;
  readonly #lines: NodeLines;
  #shared: SharedServer | undefined;
  #broker: BrokerServer | undefined;
  #controller: ControllerServer | undefined;
  #ended = false;

  /** Nothing is touched yet. Throws ApiError INVALID_CONFIG. */
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
    const openFiles = shareOpenFiles(openFilesLimit(fileSystem));
    const environment = new LogEnvironment({
      ...{ fileSystem, clock, random, logger },
      maxOpenFiles: openFiles.logFiles,
      producerExpirationMs: resolver.brokerNumber(EMPTY_IMAGE.configs, 'producer.id.expiration.ms'),
    });
    const settings = readBrokerSettings(resolver, EMPTY_IMAGE.configs);
    const lineLimiter = new LineLimiter(logger, clock);
    const onSent = (bytes: Buffer): void => environment.lentMemory.giveBack(bytes);
    this.#resolver = resolver;
    this.#settings = settings;
    this.#environment = environment;
    this.#lines = new NodeLines(ports.network);
    this.#clientProcessor = new RequestProcessor([], lineLimiter);
    this.#controllerProcessor = new RequestProcessor([], lineLimiter);
    this.#clientSockets = new BrokerSockets(ports, settings, openFiles.connections, onSent);
    this.#controllerSockets = new BrokerSockets(ports, settings, openFiles.connections, onSent);
  }

  controller(): { id: number; epoch: number } {
    const { leaderId, epoch } = this.#shared?.raft.leaderAndEpoch() ?? { leaderId: -1, epoch: -1 };
    return { id: leaderId, epoch };
  }

  quorum(): QuorumDescription {
    if (this.#shared === undefined) throw new Error(`node ${this.nodeId} has not started`);
    return this.#shared.raft.describeQuorum();
  }

  isFenced(): boolean | undefined {
    return this.#broker?.isFenced;
  }

  partitions(topic?: string): PartitionState[] {
    if (this.#broker !== undefined) return this.#broker.partitions(topic);
    // Where all brokers are down the controllers still know what there is.
    return this.#shared === undefined ? [] : partitionStates(this.#shared.loader.image.topics, undefined, -1, topic);
  }

  segments(topic: string, partition: number): SegmentState[] {
    return this.#broker?.segments(topic, partition) ?? [];
  }

  async start(): Promise<void> {
    const input = await this.#bind();
    const { nodeId, logDirs, listeners, controllerListener } = input;
    const { fileSystem, random } = this.#ports;
    const isNew = !isFormatted(fileSystem, logDirs[0]!);
    const directoryId = firstDirectoryId(fileSystem, random, logDirs[0]!);
    const peers = await this.#ports.meet({ nodeId, directoryId, isNew, listeners, controllerListener });
    this.#requireGoingOn();
    const unusable = new Map<string, Error>();
    const base = {
      ...{ input, ports: this.#ports, network: this.#lines, resolver: this.#resolver, settings: this.#settings },
      environment: this.#environment,
      directories: formatDirectories(input, this.#ports, peers, directoryId, (path, error) =>
        unusable.set(path, error),
      ),
    };
    const shared = new SharedServer({ ...base, voters: peers.voters });
    this.#shared = shared;
    if (controllerListener !== undefined) {
      this.#controller = new ControllerServer({ ...base, shared });
      this.#controllerProcessor.serve(this.#controller.apis);
    }
    if (input.roles.includes('broker')) {
      this.#broker = new BrokerServer({ ...base, shared, unusable });
      this.#clientProcessor.serve(this.#broker.apis);
    }
    shared.start({ onLeaderChange: (leader) => this.#onLeaderChange(leader) });
    // Voters talk to each other before any of them can serve.
    this.#controllerSockets.open();
    await this.#broker?.start();
    this.#requireGoingOn();
    this.#clientSockets.open();
  }

  /** The input with the ports that were really bound. */
  async #bind(): Promise<BrokerConfigInput> {
    const input = this.#input;
    this.listeners = await this.#clientSockets.bind(input.listeners, this.#clientProcessor);
    const [controllerListener] = await this.#controllerSockets.bind(
      controllersOf(input),
      this.#controllerProcessor,
      (connectionId) => this.#controller?.connectionClosed(connectionId),
    );
    this.controllerListener = controllerListener;
    return { ...input, listeners: this.listeners, controllerListener };
  }

  #onLeaderChange(leader: LeaderAndEpoch): void {
    this.#controller?.onLeaderChange(leader);
    if (leader.leaderId >= 0) this.#broker?.onLeaderChange();
  }

  #requireGoingOn(): void {
    if (this.#ended) throw new Error(`node ${this.nodeId} was ended while it started`);
  }

  async relinquish(): Promise<void> {
    if (!this.#ended) await this.#broker?.relinquish();
  }

  async shutdown(): Promise<void> {
    if (this.#ended) return;
    await this.relinquish();
    this.#ended = true;
    this.#clientSockets.stopAccepting();
    this.#broker?.stopServing();
    // Answers of the last requests leave in this turn.
    await new Promise<void>((resolve) => this.#ports.clock.defer(resolve));
    this.#clientSockets.close();
    await this.#broker?.closeLogs();
    this.#controller?.close();
    await this.#shared?.shutdown();
    this.#controllerSockets.close();
    this.#lines.close();
  }

  kill(): void {
    this.#ended = true;
    this.#clientSockets.reset();
    this.#controllerSockets.reset();
    this.#controller?.close();
    this.#shared?.kill();
    this.#broker?.kill();
    this.#lines.close();
  }
}
