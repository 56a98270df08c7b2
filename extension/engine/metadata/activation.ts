import { CLUSTER_DEFAULT } from './config-resolver.ts';
import type { ConfigResolver } from './config-resolver.ts';
import { ConfigResourceType, ConfigsImage } from './metadata-image.ts';
import type { MetadataImage } from './metadata-image.ts';
import { decodeMetadataRecord } from './metadata-record.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { bootstrapFeatureRecords, ELR_FEATURE, METADATA_VERSION_FEATURE, metadataVersion } from './metadata-version.ts';
import { MetadataError } from './metadata-error.ts';

/** What the controller finds when it takes over. */
export interface ActivationState {
  readonly image: MetadataImage;
  readonly isInTransaction: boolean;
  /** Frames of bootstrap.checkpoint; undefined where there is no such file. */
  readonly bootstrap: readonly Buffer[] | undefined;
  readonly resolver: ConfigResolver;
}

/**
 * The first records of a new controller. An empty log gets the bootstrap records, as one metadata transaction, and the
 * cluster-wide `min.insync.replicas` that eligible leader replicas need; a transaction that the last controller left
 * open is aborted.
 *
 * @throws MetadataError when the bootstrap records are of no use
 */
export function activationRecords(state: ActivationState): NewMetadataRecord[] {
  const { image, isInTransaction } = state;
  const abort: NewMetadataRecord[] = isInTransaction
    ? [{ type: 'ABORT_TRANSACTION_RECORD', version: 0, data: { reason: 'failover' } }]
    : [];
  if (image.features.metadataVersion > 0) return abort;
  const bootstrap = bootstrapRecords(state.bootstrap);
  const records = [...bootstrap, ...minIsrRecords(state, bootstrap)];
  if (metadataVersion(levelOf(bootstrap, METADATA_VERSION_FEATURE)).transactions !== true)
    return [...abort, ...records];
  return [
    ...abort,
    { type: 'BEGIN_TRANSACTION_RECORD', version: 0, data: { name: 'Bootstrap records' } },
    ...records,
    { type: 'END_TRANSACTION_RECORD', version: 0, data: {} },
  ];
}

function bootstrapRecords(frames: readonly Buffer[] | undefined): NewMetadataRecord[] {
  const records = frames?.map((frame): NewMetadataRecord => decodeMetadataRecord(frame)) ?? [];
  if (records.length === 0) return bootstrapFeatureRecords();
  if (levelOf(records, METADATA_VERSION_FEATURE) === 0) {
    throw new MetadataError('bootstrap.checkpoint does not say which metadata.version the cluster begins with.');
  }
  return records;
}

function levelOf(records: readonly NewMetadataRecord[], feature: string): number {
  for (const record of records) {
    if (record.type === 'FEATURE_LEVEL_RECORD' && record.data.name === feature) return record.data.featureLevel;
  }
  return 0;
}

function minIsrRecords(state: ActivationState, bootstrap: readonly NewMetadataRecord[]): NewMetadataRecord[] {
  return levelOf(bootstrap, ELR_FEATURE) === 0 ? [] : [minIsrRecord(state.resolver)];
}

/** Makes what server.properties says of `min.insync.replicas` here the value of all brokers. */
export function minIsrRecord(resolver: ConfigResolver): NewMetadataRecord {
  const value = resolver.broker(ConfigsImage.EMPTY, 'min.insync.replicas') ?? '1';
  const data = {
    resourceType: ConfigResourceType.BROKER,
    resourceName: CLUSTER_DEFAULT,
    name: 'min.insync.replicas',
    value,
  };
  return { type: 'CONFIG_RECORD', version: 0, data };
}
