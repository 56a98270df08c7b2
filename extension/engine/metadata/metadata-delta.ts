import { decodeMetadataRecord } from './metadata-record.ts';
import type { MetadataRecord } from './metadata-record.ts';
import { ClusterDelta } from './cluster-delta.ts';
import { ConfigsDelta } from './configs-delta.ts';
import { MetadataError } from './metadata-error.ts';
import type { MetadataImage, MetadataProvenance } from './metadata-image.ts';
import { SecurityDelta } from './security-delta.ts';
import { TopicsDelta } from './topics-delta.ts';

/** Feature names that are no plain entry of `FeaturesImage.levels`. */
const METADATA_VERSION = 'metadata.version';
const KRAFT_VERSION = 'kraft.version';

/**
 * An image in the making. `replay` is the only way in which metadata ever change; `apply` gives the image with all records
 * so far, and may be called again after more.
 */
export class MetadataDelta {
  /** The image before. */
  readonly before: MetadataImage;
  readonly topics: TopicsDelta;
  readonly configs: ConfigsDelta;
  readonly cluster: ClusterDelta;
  /** ACLs, SCRAM credentials, quotas, delegation tokens. */
  readonly security: SecurityDelta;
  /** New feature levels; 0 is gone. */
  readonly changedFeatures = new Map<string, number>();
  #features: MetadataImage['features'];
  #producerIds: MetadataImage['producerIds'];

  constructor(before: MetadataImage) {
    this.before = before;
    this.topics = new TopicsDelta(before.topics);
    this.configs = new ConfigsDelta(before.configs);
    this.cluster = new ClusterDelta(before.cluster);
    this.security = new SecurityDelta(before);
    this.#features = before.features;
    this.#producerIds = before.producerIds;
  }

  /** Whether producer ids were handed out. */
  get changedProducerIds(): boolean {
    return this.#producerIds !== this.before.producerIds;
  }

  /** @throws MetadataError when the record contradicts the image, ProtocolError when it can't be read */
  replayFrame(frame: Buffer): MetadataRecord {
    const record = decodeMetadataRecord(frame);
    this.replay(record);
    return record;
  }

  /** @throws MetadataError when the record contradicts the image */
  replay(record: MetadataRecord): void {
    switch (record.type) {
      case 'TOPIC_RECORD':
        return this.topics.create(record.data.name, record.data.topicId);
      case 'PARTITION_RECORD':
        return this.topics.addPartition(record.data);
      case 'PARTITION_CHANGE_RECORD':
        return this.topics.changePartition(record.data);
      case 'REMOVE_TOPIC_RECORD':
        return this.configs.deleteTopic(this.topics.delete(record.data.topicId).name);
      case 'CLEAR_ELR_RECORD':
        return this.topics.clearElr(record.data.topicName);
      case 'CONFIG_RECORD':
        return this.configs.set(record.data);
      case 'FEATURE_LEVEL_RECORD':
        return this.#setFeature(record.data.name, record.data.featureLevel);
      case 'ZK_MIGRATION_STATE_RECORD':
        this.#features = { ...this.#features, zkMigrationState: record.data.zkMigrationState };
        return;
      case 'PRODUCER_IDS_RECORD':
        this.#producerIds = record.data;
        return;
      case 'REGISTER_BROKER_RECORD':
        return this.cluster.registerBroker(record.data);
      case 'UNREGISTER_BROKER_RECORD':
        return this.cluster.unregisterBroker(record.data);
      case 'FENCE_BROKER_RECORD':
        return this.cluster.changeBroker(record.data.id, record.data.epoch, { fenced: true });
      case 'UNFENCE_BROKER_RECORD':
        return this.cluster.changeBroker(record.data.id, record.data.epoch, { fenced: false });
      case 'BROKER_REGISTRATION_CHANGE_RECORD':
        return this.cluster.changeRegistration(record.data);
      case 'REGISTER_CONTROLLER_RECORD':
        return this.cluster.registerController(record.data);
      case 'CLIENT_QUOTA_RECORD':
        return this.security.setQuota(record.data);
      case 'ACCESS_CONTROL_ENTRY_RECORD':
        return this.security.addAcl(record.data);
      case 'REMOVE_ACCESS_CONTROL_ENTRY_RECORD':
        return this.security.removeAcl(record.data.id);
      case 'USER_SCRAM_CREDENTIAL_RECORD':
        return this.security.setScram(record.data);
      case 'REMOVE_USER_SCRAM_CREDENTIAL_RECORD':
        return this.security.removeScram(record.data.name, record.data.mechanism);
      case 'DELEGATION_TOKEN_RECORD':
        return this.security.setToken(record.data);
      case 'REMOVE_DELEGATION_TOKEN_RECORD':
        return this.security.removeToken(record.data.tokenId);
      case 'NO_OP_RECORD':
      // Transactions are the loader's business: it holds back what lies between.
      // falls through
      case 'BEGIN_TRANSACTION_RECORD':
      case 'END_TRANSACTION_RECORD':
      case 'ABORT_TRANSACTION_RECORD':
        return;
    }
  }

  apply(provenance: MetadataProvenance): MetadataImage {
    return {
      provenance,
      features: this.#features,
      cluster: this.cluster.apply(),
      topics: this.topics.apply(),
      configs: this.configs.apply(),
      producerIds: this.#producerIds,
      ...this.security.apply(),
    };
  }

  #setFeature(name: string, level: number): void {
    // Kafka keeps this one in control records; a feature record with its name is a leftover and says nothing.
    if (name === KRAFT_VERSION) return;
    if (level < 0) throw new MetadataError(`Feature ${name} has level ${level}.`);
    const features = this.#features;
    this.changedFeatures.set(name, level);
    if (name === METADATA_VERSION) this.#features = { ...features, metadataVersion: level };
    else {
      const levels = level === 0 ? features.levels.without(name) : features.levels.with(name, level);
      this.#features = { ...features, levels };
    }
  }
}
