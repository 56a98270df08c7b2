import { ConfigResolver } from '../../../../extension/engine/metadata/config-resolver.ts';
import type { ConfigValues } from '../../../../extension/engine/metadata/config-resolver.ts';
import type { ControlContext } from '../../../../extension/engine/metadata/control-context.ts';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { EMPTY_IMAGE } from '../../../../extension/engine/metadata/metadata-image.ts';
import type { MetadataImage } from '../../../../extension/engine/metadata/metadata-image.ts';
import { encodeMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import { bootstrapFeatureRecords } from '../../../../extension/engine/metadata/metadata-version.ts';
import { PartitionIndex } from '../../../../extension/engine/metadata/partition-index.ts';
import { QuorumController } from '../../../../extension/engine/metadata/quorum-controller.ts';
import type { QuorumControllerOptions } from '../../../../extension/engine/metadata/quorum-controller.ts';
import { MetadataLoader } from '../../../../extension/engine/metadata/metadata-loader.ts';
import type { MetadataLoaderOptions } from '../../../../extension/engine/metadata/metadata-loader.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { Random } from '../../../../extension/engine/common/random.ts';
import { RaftError, RaftErrorCode } from '../../../../extension/engine/raft/raft-ports.ts';
import type {
  CommittedBatch,
  LeaderAndEpoch,
  OffsetAndEpoch,
  QuorumDescription,
  RaftClient,
  RaftListener,
} from '../../../../extension/engine/raft/raft-ports.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** Bytes that count up, so that ids differ and runs do not. */
export function countingRandom(): Random {
  let next = 0;
  return {
    int: () => 0,
    bytes: (length) => {
      const bytes = Buffer.alloc(length);
      bytes.writeUInt32BE(++next, length - 4);
      return bytes;
    },
  };
}

/** A directory id that names its broker. */
export function directoryId(broker: number): string {
  return Buffer.from(`directory-of-${String(broker).padStart(3, '0')}`).toString('base64url');
}

/** Any id that counts. */
export function uuid(n: number): string {
  return Buffer.from(String(n).padStart(16, 'u')).toString('base64url');
}

/** Replays records as the log does: encoded and decoded. */
export function replay(image: MetadataImage, records: readonly NewMetadataRecord[]): MetadataImage {
  const delta = new MetadataDelta(image);
  for (const record of records) delta.replayFrame(encodeMetadataRecord(record));
  const { offset } = image.provenance;
  return delta.apply({ offset: offset + records.length, epoch: 1, lastContainedLogTimeMs: 0 });
}

export interface BrokerShape {
  readonly id: number;
  readonly rack?: string | null;
  readonly fenced?: boolean;
  readonly inControlledShutdown?: boolean;
  readonly logDirs?: readonly string[];
}

export function brokerRecord(broker: BrokerShape): NewMetadataRecord {
  return {
    type: 'REGISTER_BROKER_RECORD',
    version: 4,
    data: {
      brokerId: broker.id,
      brokerEpoch: broker.id * 10,
      incarnationId: uuid(broker.id),
      endPoints: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9091 + broker.id, securityProtocol: 0 }],
      features: [],
      rack: broker.rack ?? null,
      fenced: broker.fenced ?? false,
      inControlledShutdown: broker.inControlledShutdown ?? false,
      logDirs: broker.logDirs ?? [directoryId(broker.id)],
    },
  };
}

/** An image of a new cluster with these brokers. */
export function clusterImage(...brokers: (number | BrokerShape)[]): MetadataImage {
  const registered = brokers.map((broker) => brokerRecord(typeof broker === 'number' ? { id: broker } : broker));
  return replay(EMPTY_IMAGE, [...bootstrapFeatureRecords(), ...registered]);
}

/** What decisions are made on, advancing as their records are replayed. */
export class Deciding {
  image: MetadataImage;
  readonly resolver: ConfigResolver;
  readonly #random = countingRandom();

  constructor(image: MetadataImage, config: ConfigValues = {}) {
    this.image = image;
    this.resolver = new ConfigResolver(1, config);
  }

  get context(): ControlContext {
    const { image, resolver } = this;
    const index = PartitionIndex.of(image.topics);
    return { image, index, resolver, random: this.#random, nextOffset: image.provenance.offset + 1 };
  }

  /** Decides and replays. */
  decide<R>(decision: { readonly records: readonly NewMetadataRecord[]; readonly response: R }): R {
    this.image = replay(this.image, decision.records);
    return decision.response;
  }
}

/** A quorum that commits when it is told to. */
export class FakeRaft implements RaftClient {
  readonly nodeId = 1;
  leader: LeaderAndEpoch = { leaderId: -1, epoch: 0 };
  /** Nodes that follow the log besides this one. */
  followers = 0;
  readonly snapshots: { id: OffsetAndEpoch; batches: Buffer[][] }[] = [];
  readonly log: CommittedBatch[] = [];
  #pending: CommittedBatch[] = [];
  #listener: RaftListener | undefined;
  #end: number;

  constructor(end = 0) {
    this.#end = end;
  }

  register(listener: RaftListener): void {
    this.#listener = listener;
  }

  leaderAndEpoch(): LeaderAndEpoch {
    return this.leader;
  }

  highWatermark(): number {
    return this.#pending[0]?.baseOffset ?? this.#end;
  }

  logEndOffset(): number {
    return this.#end;
  }

  append(epoch: number, records: readonly Buffer[]): number {
    if (this.leader.leaderId !== this.nodeId || this.leader.epoch !== epoch) {
      throw new RaftError(RaftErrorCode.NOT_LEADER, 'somebody else leads');
    }
    return this.#add(epoch, records);
  }

  #add(epoch: number, records: readonly Buffer[]): number {
    const baseOffset = this.#end;
    this.#end += records.length;
    const lastOffset = this.#end - 1;
    const sizeBytes = 61 + records.reduce((sum, record) => sum + record.length, 0);
    this.#pending.push({ baseOffset, lastOffset, epoch, appendTimestampMs: 5, sizeBytes, records });
    return lastOffset;
  }

  /** Another leader's records, committed at once. */
  commitFromElsewhere(epoch: number, records: readonly NewMetadataRecord[]): void {
    this.#add(epoch, records.map(encodeMetadataRecord));
    this.commit();
  }

  /** Commits what was appended, or its first batches. */
  commit(count = this.#pending.length): void {
    const batches = this.#pending.splice(0, count);
    this.log.push(...batches);
    if (batches.length > 0) this.#listener?.onCommit(batches);
  }

  /** Another one leads from now on: what was not committed is gone. */
  elect(leaderId: number, epoch: number): void {
    if (leaderId !== this.nodeId) {
      this.#end = this.#pending[0]?.baseOffset ?? this.#end;
      this.#pending = [];
    }
    this.leader = { leaderId, epoch };
    this.#listener?.onLeaderChange(this.leader);
  }

  createSnapshot(id: OffsetAndEpoch, _timestampMs: number, batches: Iterable<readonly Buffer[]>): Promise<void> {
    this.snapshots.push({ id, batches: [...batches].map((batch) => [...batch]) });
    return Promise.resolve();
  }

  latestSnapshot(): OffsetAndEpoch | undefined {
    return this.snapshots.at(-1)?.id;
  }

  kraftVersion(): number {
    return 1;
  }

  describeQuorum(): QuorumDescription {
    const replica = {
      directoryId: directoryId(1),
      logEndOffset: this.#end,
      lastFetchTimestampMs: 0,
      lastCaughtUpTimestampMs: 0,
    };
    const observers = Array.from({ length: this.followers }, (_, index) => ({ ...replica, replicaId: 101 + index }));
    const { leaderId, epoch: leaderEpoch } = this.leader;
    const highWatermark = this.highWatermark();
    return { leaderId, leaderEpoch, highWatermark, voters: [{ ...replica, replicaId: 1 }], observers, nodes: [] };
  }

  resign(): void {
    this.elect(-1, this.leader.epoch);
  }
}

export interface ControllerFixture {
  readonly raft: FakeRaft;
  readonly clock: FakeClock;
  readonly loader: MetadataLoader;
  readonly controller: QuorumController;
}

export const CLUSTER_ID = 'cluster-of-the-tests';

/** A controller over a quorum that the test moves. */
export function controllerFixture(
  options: Partial<QuorumControllerOptions> & Partial<MetadataLoaderOptions> & { readonly end?: number } = {},
): ControllerFixture {
  const clock = new FakeClock();
  const raft = new FakeRaft(options.end);
  const logger = options.logger ?? silentLogger;
  const loader = new MetadataLoader({
    raft,
    clock,
    logger,
    snapshotMaxBytes: options.snapshotMaxBytes ?? 2 ** 30,
    snapshotMaxIntervalMs: options.snapshotMaxIntervalMs ?? 0,
  });
  const controller = new QuorumController({
    nodeId: 1,
    clusterId: CLUSTER_ID,
    raft,
    loader,
    resolver: new ConfigResolver(1, {}),
    clock,
    random: countingRandom(),
    logger,
    bootstrap: undefined,
    listeners: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 10092, securityProtocol: 0 }],
    brokerSessionTimeoutMs: 9000,
    maxIdleIntervalMs: 0,
    onEvent: () => undefined,
    ...options,
  });
  raft.register(controller);
  return { raft, clock, loader, controller };
}
