import type { MetadataImage } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { metadataVersion } from './metadata-version.ts';
import type { MetadataVersion } from './metadata-version.ts';
import type { PartitionRegistration } from './partition-registration.ts';

/**
 * The records that make an image out of nothing: what a snapshot holds. The metadata version comes first, as it says which
 * versions the others have; topics come in the order of their creation, which placement goes by.
 */
export function* imageRecords(image: MetadataImage): Generator<NewMetadataRecord, void> {
  yield* featureRecords(image);
  yield* clusterRecords(image);
  yield* topicRecords(image);
  for (const [resource, configs] of image.configs.resources) {
    const slash = resource.indexOf('/');
    const resourceType = Number(resource.slice(0, slash));
    const resourceName = resource.slice(slash + 1);
    for (const [name, value] of configs) {
      yield { type: 'CONFIG_RECORD', version: 0, data: { resourceType, resourceName, name, value } };
    }
  }
  for (const { entity, quotas } of image.clientQuotas.values()) {
    for (const [key, value] of quotas) {
      yield { type: 'CLIENT_QUOTA_RECORD', version: 0, data: { entity, key, value, remove: false } };
    }
  }
  if (image.producerIds.nextProducerId >= 0) {
    yield { type: 'PRODUCER_IDS_RECORD', version: 0, data: image.producerIds };
  }
  for (const data of image.acls.values()) yield { type: 'ACCESS_CONTROL_ENTRY_RECORD', version: 0, data };
  for (const { user: name, ...credential } of image.scram.values()) {
    yield { type: 'USER_SCRAM_CREDENTIAL_RECORD', version: 0, data: { name, ...credential } };
  }
  for (const data of image.delegationTokens.values()) yield { type: 'DELEGATION_TOKEN_RECORD', version: 0, data };
}

function* featureRecords(image: MetadataImage): Generator<NewMetadataRecord, void> {
  const { metadataVersion: level, levels, zkMigrationState } = image.features;
  yield { type: 'FEATURE_LEVEL_RECORD', version: 0, data: { name: 'metadata.version', featureLevel: level } };
  for (const [name, featureLevel] of levels) {
    yield { type: 'FEATURE_LEVEL_RECORD', version: 0, data: { name, featureLevel } };
  }
  if (zkMigrationState >= 0) yield { type: 'ZK_MIGRATION_STATE_RECORD', version: 0, data: { zkMigrationState } };
}

function* clusterRecords(image: MetadataImage): Generator<NewMetadataRecord, void> {
  const version = metadataVersion(image.features.metadataVersion);
  const ranges = (features: ReadonlyMap<string, { minVersion: number; maxVersion: number }>) =>
    [...features].map(([name, { minVersion, maxVersion }]) => ({
      name,
      minSupportedVersion: minVersion,
      maxSupportedVersion: maxVersion,
    }));
  for (const controller of image.cluster.controllers.values()) {
    yield {
      type: 'REGISTER_CONTROLLER_RECORD',
      version: 0,
      data: {
        controllerId: controller.id,
        incarnationId: controller.incarnationId,
        zkMigrationReady: controller.zkMigrationReady,
        endPoints: controller.listeners,
        features: ranges(controller.features),
      },
    };
  }
  for (const broker of image.cluster.brokers.values()) {
    yield {
      type: 'REGISTER_BROKER_RECORD',
      version: version.registerBroker,
      data: {
        brokerId: broker.id,
        brokerEpoch: broker.epoch,
        incarnationId: broker.incarnationId,
        endPoints: broker.listeners,
        features: ranges(broker.features),
        rack: broker.rack,
        fenced: broker.fenced,
        inControlledShutdown: broker.inControlledShutdown,
        ...(version.migration === true ? { isMigratingZkBroker: broker.isMigratingZkBroker } : {}),
        ...(version.directories === true ? { logDirs: broker.directories } : {}),
        ...(version.cordoned === true ? { cordonedLogDirs: broker.cordonedDirectories } : {}),
      },
    };
  }
}

function* topicRecords(image: MetadataImage): Generator<NewMetadataRecord, void> {
  const version = metadataVersion(image.features.metadataVersion);
  const topics = [...image.topics.byId.values()].sort((a, b) => a.sequence - b.sequence);
  for (const topic of topics) {
    yield { type: 'TOPIC_RECORD', version: 0, data: { name: topic.name, topicId: topic.id } };
    for (const [partitionId, partition] of topic.partitions.entries()) {
      yield partitionRecordOf(topic.id, partitionId, partition, version);
    }
  }
}

function partitionRecordOf(
  topicId: string,
  partitionId: number,
  partition: PartitionRegistration,
  version: MetadataVersion,
): NewMetadataRecord {
  const { elr, lastKnownElr, directories, ...rest } = partition;
  return {
    type: 'PARTITION_RECORD',
    version: version.partition,
    data: {
      topicId,
      partitionId,
      ...rest,
      ...(version.directories === true ? { directories } : {}),
      ...(version.elr === true && elr.length > 0 ? { eligibleLeaderReplicas: elr } : {}),
      ...(version.elr === true && lastKnownElr.length > 0 ? { lastKnownElr } : {}),
    },
  };
}
