import type { AccessControlEntryRecord } from '../../protocol/generated/access-control-entry-record.ts';
import type { DelegationTokenRecord } from '../../protocol/generated/delegation-token-record.ts';
import type { BrokerRegistration, ControllerRegistration } from './broker-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';
import { SortedMap } from './sorted-map.ts';

/** How far an image reaches: everything up to and including `offset` is in it. */
export interface MetadataProvenance {
  readonly offset: number;
  readonly epoch: number;
  readonly lastContainedLogTimeMs: number;
}

export const EMPTY_PROVENANCE: MetadataProvenance = { offset: -1, epoch: -1, lastContainedLogTimeMs: -1 };

/** One topic. Partition ids are the indexes of `partitions`. */
export interface TopicImage {
  readonly name: string;
  readonly id: string;
  /** Grows with every topic created: the order of creation, kept by snapshots. */
  readonly sequence: number;
  readonly partitions: readonly PartitionRegistration[];
}

/** All topics, by name in order and by id. */
export class TopicsImage {
  static readonly EMPTY = new TopicsImage(SortedMap.empty(), SortedMap.empty(), SortedMap.empty(), 0, undefined);

  readonly byName: SortedMap<TopicImage>;
  readonly byId: SortedMap<TopicImage>;
  /** For names with a dot or an underscore, by `collisionKey`: the names that exist. */
  readonly colliding: SortedMap<readonly string[]>;
  readonly nextSequence: number;
  readonly #lastUserTopicId: string | undefined;

  constructor(
    byName: SortedMap<TopicImage>,
    byId: SortedMap<TopicImage>,
    colliding: SortedMap<readonly string[]>,
    nextSequence: number,
    lastUserTopicId: string | undefined,
  ) {
    this.byName = byName;
    this.byId = byId;
    this.colliding = colliding;
    this.nextSequence = nextSequence;
    this.#lastUserTopicId = lastUserTopicId;
  }

  /** The youngest topic that is not internal. */
  get lastUserTopic(): TopicImage | undefined {
    return this.#lastUserTopicId === undefined ? undefined : this.byId.get(this.#lastUserTopicId);
  }

  get size(): number {
    return this.byName.size;
  }

  get(name: string): TopicImage | undefined {
    return this.byName.get(name);
  }

  getById(id: string): TopicImage | undefined {
    return this.byId.get(id);
  }

  partition(name: string, partition: number): PartitionRegistration | undefined {
    return this.byName.get(name)?.partitions[partition];
  }
}

/** Brokers and controllers that have registered, fenced ones too. Iteration goes by id. */
export class ClusterImage {
  static readonly EMPTY = new ClusterImage(new Map(), new Map());

  readonly brokers: ReadonlyMap<number, BrokerRegistration>;
  readonly controllers: ReadonlyMap<number, ControllerRegistration>;

  constructor(
    brokers: ReadonlyMap<number, BrokerRegistration>,
    controllers: ReadonlyMap<number, ControllerRegistration>,
  ) {
    this.brokers = brokers;
    this.controllers = controllers;
  }

  /** The broker's registration when it is known and not fenced. */
  aliveBroker(id: number): BrokerRegistration | undefined {
    const broker = this.brokers.get(id);
    return broker === undefined || broker.fenced ? undefined : broker;
  }

  /** Those that clients are told of. */
  aliveBrokers(): BrokerRegistration[] {
    return [...this.brokers.values()].filter((broker) => !broker.fenced);
  }
}

/** Finalized feature levels. */
export interface FeaturesImage {
  /** `metadata.version`; 0 before the bootstrap records. */
  readonly metadataVersion: number;
  /** All others but `kraft.version`, which the quorum keeps; a level of 0 is not listed. */
  readonly levels: SortedMap<number>;
  /** Left over from ZooKeeper days: -1 while no such record was seen. */
  readonly zkMigrationState: number;
}

export const ConfigResourceType = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const;

export type ResourceConfigs = SortedMap<string>;

/** Dynamic configs, by resource. The cluster-wide broker default has the name ''. */
export class ConfigsImage {
  static readonly EMPTY = new ConfigsImage(SortedMap.empty());

  /** By `configResourceKey`. */
  readonly resources: SortedMap<ResourceConfigs>;

  constructor(resources: SortedMap<ResourceConfigs>) {
    this.resources = resources;
  }

  get(type: number, name: string): ResourceConfigs {
    return this.resources.get(configResourceKey(type, name)) ?? SortedMap.empty();
  }

  /** Names of the resources of one type that have a config. */
  *namesOf(type: number): Generator<string, void> {
    const prefix = configResourceKey(type, '');
    for (const [key] of this.resources.entriesFrom(prefix)) {
      if (!key.startsWith(prefix)) return;
      yield key.slice(prefix.length);
    }
  }
}

export function configResourceKey(type: number, name: string): string {
  return `${type}/${name}`;
}

/** What a quota is for: entity types (`user`, `client-id`, `ip`) with names, null for the default. */
export interface ClientQuotaImage {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
  readonly quotas: SortedMap<number>;
}

/** One user's SCRAM credential for one mechanism (1 is SCRAM-SHA-256, 2 SCRAM-SHA-512). */
export interface ScramCredential {
  readonly user: string;
  readonly mechanism: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly iterations: number;
}

export type AclImage = Omit<AccessControlEntryRecord, 'unknownTaggedFields'>;
export type DelegationTokenImage = Omit<DelegationTokenRecord, 'unknownTaggedFields'>;

/** The next producer id that nobody owns; -1 before the first block. */
export interface ProducerIdsImage {
  readonly nextProducerId: number;
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

/**
 * All metadata at one offset: an immutable value that shares most of itself with the images before and after it. Made by
 * `MetadataDelta.apply`.
 */
export interface MetadataImage {
  readonly provenance: MetadataProvenance;
  readonly features: FeaturesImage;
  readonly cluster: ClusterImage;
  readonly topics: TopicsImage;
  readonly configs: ConfigsImage;
  /** By the entity's canonical text. */
  readonly clientQuotas: SortedMap<ClientQuotaImage>;
  readonly producerIds: ProducerIdsImage;
  /** By entry id. */
  readonly acls: SortedMap<AclImage>;
  /** By `mechanism/user`. */
  readonly scram: SortedMap<ScramCredential>;
  /** By token id. */
  readonly delegationTokens: SortedMap<DelegationTokenImage>;
}

export const EMPTY_IMAGE: MetadataImage = {
  provenance: EMPTY_PROVENANCE,
  features: { metadataVersion: 0, levels: SortedMap.empty(), zkMigrationState: -1 },
  cluster: ClusterImage.EMPTY,
  topics: TopicsImage.EMPTY,
  configs: ConfigsImage.EMPTY,
  clientQuotas: SortedMap.empty(),
  producerIds: { nextProducerId: -1, brokerId: -1, brokerEpoch: -1 },
  acls: SortedMap.empty(),
  scram: SortedMap.empty(),
  delegationTokens: SortedMap.empty(),
};
