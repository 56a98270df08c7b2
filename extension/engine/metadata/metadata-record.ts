import { abortTransactionRecord } from '../../protocol/generated/abort-transaction-record.ts';
import { accessControlEntryRecord } from '../../protocol/generated/access-control-entry-record.ts';
import { beginTransactionRecord } from '../../protocol/generated/begin-transaction-record.ts';
import { brokerRegistrationChangeRecord } from '../../protocol/generated/broker-registration-change-record.ts';
import { clearElrRecord } from '../../protocol/generated/clear-elr-record.ts';
import { clientQuotaRecord } from '../../protocol/generated/client-quota-record.ts';
import { configRecord } from '../../protocol/generated/config-record.ts';
import { delegationTokenRecord } from '../../protocol/generated/delegation-token-record.ts';
import { endTransactionRecord } from '../../protocol/generated/end-transaction-record.ts';
import { featureLevelRecord } from '../../protocol/generated/feature-level-record.ts';
import { fenceBrokerRecord } from '../../protocol/generated/fence-broker-record.ts';
import { noOpRecord } from '../../protocol/generated/no-op-record.ts';
import { partitionChangeRecord } from '../../protocol/generated/partition-change-record.ts';
import { partitionRecord } from '../../protocol/generated/partition-record.ts';
import { producerIdsRecord } from '../../protocol/generated/producer-ids-record.ts';
import { registerBrokerRecord } from '../../protocol/generated/register-broker-record.ts';
import { registerControllerRecord } from '../../protocol/generated/register-controller-record.ts';
import { removeAccessControlEntryRecord } from '../../protocol/generated/remove-access-control-entry-record.ts';
import { removeDelegationTokenRecord } from '../../protocol/generated/remove-delegation-token-record.ts';
import { removeTopicRecord } from '../../protocol/generated/remove-topic-record.ts';
import { removeUserScramCredentialRecord } from '../../protocol/generated/remove-user-scram-credential-record.ts';
import { topicRecord } from '../../protocol/generated/topic-record.ts';
import { unfenceBrokerRecord } from '../../protocol/generated/unfence-broker-record.ts';
import { unregisterBrokerRecord } from '../../protocol/generated/unregister-broker-record.ts';
import { userScramCredentialRecord } from '../../protocol/generated/user-scram-credential-record.ts';
import { zkMigrationStateRecord } from '../../protocol/generated/zk-migration-state-record.ts';
import type { AnyMessageType, MessageType } from '../../protocol/message-type.ts';
import { ProtocolError, ProtocolErrorCode } from '../../protocol/protocol-error.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';

/** Every record of the metadata log, by the name that Kafka's tools print. */
export const metadataRecordTypes = {
  ABORT_TRANSACTION_RECORD: abortTransactionRecord,
  ACCESS_CONTROL_ENTRY_RECORD: accessControlEntryRecord,
  BEGIN_TRANSACTION_RECORD: beginTransactionRecord,
  BROKER_REGISTRATION_CHANGE_RECORD: brokerRegistrationChangeRecord,
  CLEAR_ELR_RECORD: clearElrRecord,
  CLIENT_QUOTA_RECORD: clientQuotaRecord,
  CONFIG_RECORD: configRecord,
  DELEGATION_TOKEN_RECORD: delegationTokenRecord,
  END_TRANSACTION_RECORD: endTransactionRecord,
  FEATURE_LEVEL_RECORD: featureLevelRecord,
  FENCE_BROKER_RECORD: fenceBrokerRecord,
  NO_OP_RECORD: noOpRecord,
  PARTITION_CHANGE_RECORD: partitionChangeRecord,
  PARTITION_RECORD: partitionRecord,
  PRODUCER_IDS_RECORD: producerIdsRecord,
  REGISTER_BROKER_RECORD: registerBrokerRecord,
  REGISTER_CONTROLLER_RECORD: registerControllerRecord,
  REMOVE_ACCESS_CONTROL_ENTRY_RECORD: removeAccessControlEntryRecord,
  REMOVE_DELEGATION_TOKEN_RECORD: removeDelegationTokenRecord,
  REMOVE_TOPIC_RECORD: removeTopicRecord,
  REMOVE_USER_SCRAM_CREDENTIAL_RECORD: removeUserScramCredentialRecord,
  TOPIC_RECORD: topicRecord,
  UNFENCE_BROKER_RECORD: unfenceBrokerRecord,
  UNREGISTER_BROKER_RECORD: unregisterBrokerRecord,
  USER_SCRAM_CREDENTIAL_RECORD: userScramCredentialRecord,
  ZK_MIGRATION_STATE_RECORD: zkMigrationStateRecord,
} as const;

export type MetadataRecordType = keyof typeof metadataRecordTypes;

type Decoded<M> = M extends MessageType<infer T, infer _I> ? T : never;
type Encodable<M> = M extends MessageType<infer _T, infer I> ? I : never;

/** A record as it was read: every field is there. */
export type MetadataRecord = {
  [K in MetadataRecordType]: {
    readonly type: K;
    readonly version: number;
    readonly data: Decoded<(typeof metadataRecordTypes)[K]>;
  };
}[MetadataRecordType];

/** A record to write: fields with a default may be left out. */
export type NewMetadataRecord = {
  [K in MetadataRecordType]: {
    readonly type: K;
    readonly version: number;
    readonly data: Encodable<(typeof metadataRecordTypes)[K]>;
  };
}[MetadataRecordType];

/**
 * The value of a record in the metadata log is a frame: frame version, API key of the record and version of the message as
 * unsigned varints, then the message.
 */
const FRAME_VERSION = 1;

const byApiKey: ReadonlyMap<number, MetadataRecordType> = new Map(
  (Object.keys(metadataRecordTypes) as MetadataRecordType[]).map((type) => [metadataRecordTypes[type].apiKey, type]),
);

export function encodeMetadataRecord(record: NewMetadataRecord): Buffer {
  const type: AnyMessageType = metadataRecordTypes[record.type];
  const writer = new Writer(128);
  writer.unsignedVarint(FRAME_VERSION);
  writer.unsignedVarint(type.apiKey);
  writer.unsignedVarint(record.version);
  type.write(writer, record.data, record.version);
  return writer.toBuffer();
}

/** @throws ProtocolError on a frame version, record type or message version that is not known, and on damage */
export function decodeMetadataRecord(frame: Buffer): MetadataRecord {
  const reader = new Reader(frame);
  const frameVersion = reader.unsignedVarint();
  if (frameVersion !== FRAME_VERSION) {
    throw new ProtocolError(
      ProtocolErrorCode.UNSUPPORTED_VERSION,
      `metadata frame version ${frameVersion} is not known`,
    );
  }
  const apiKey = reader.unsignedVarint();
  const type = byApiKey.get(apiKey);
  if (type === undefined) {
    throw new ProtocolError(ProtocolErrorCode.UNSUPPORTED_VERSION, `metadata record type ${apiKey} is not known`);
  }
  const version = reader.unsignedVarint();
  const data: unknown = metadataRecordTypes[type].read(reader, version);
  reader.expectEnd(`${type} version ${version}`);
  return { type, version, data } as MetadataRecord;
}
