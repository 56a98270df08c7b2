import type { AllocateProducerIdsResponseInput } from '../../protocol/generated/allocate-producer-ids-response.ts';
import type { BrokerHeartbeatRequest } from '../../protocol/generated/broker-heartbeat-request.ts';
import type { BrokerHeartbeatResponseInput } from '../../protocol/generated/broker-heartbeat-response.ts';
import type { BrokerRegistrationRequest } from '../../protocol/generated/broker-registration-request.ts';
import type { BrokerRegistrationResponseInput } from '../../protocol/generated/broker-registration-response.ts';
import type { ControllerRegistrationRequest } from '../../protocol/generated/controller-registration-request.ts';
import type { UnregisterBrokerResponseInput } from '../../protocol/generated/unregister-broker-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { BrokerRegistration } from './broker-registration.ts';
import { versionOf } from './control-context.ts';
import type { ControlContext, Decision } from './control-context.ts';
import { offlineDirectoryRecords } from './directory-control.ts';
import { isReservedDirectory } from './directory-ids.ts';
import { leaderAndIsrUpdates } from './leader-and-isr-updates.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { isElrEnabled, METADATA_VERSION_FEATURE } from './metadata-version.ts';
import { expectBroker } from './registered-broker.ts';

/** Producer ids are handed to brokers in blocks of this size. */
const PRODUCER_ID_BLOCK_SIZE = 1000;

/** Three-valued fields of BrokerRegistrationChangeRecord. */
const SET = 1;
const CLEAR = -1;

/**
 * Registers a broker, fenced. A new incarnation of a known one first leaves the ISRs that the old one was in: as after a
 * controlled shutdown when it says so (`previousBrokerEpoch`), else without its place in the ELR, as what it had in
 * memory only is gone.
 *
 * @throws ApiError INCONSISTENT_CLUSTER_ID, UNSUPPORTED_VERSION, DUPLICATE_BROKER_REGISTRATION, INVALID_REGISTRATION
 */
export function registerBroker(
  context: ControlContext,
  request: BrokerRegistrationRequest,
  clusterId: string,
  hasValidSession: (broker: BrokerRegistration) => boolean,
): Decision<BrokerRegistrationResponseInput> {
  const { brokerId } = request;
  if (request.clusterId !== clusterId) {
    throw new ApiError(
      ErrorCode.INCONSISTENT_CLUSTER_ID,
      `Expected cluster ID ${clusterId}, but got cluster ID ${request.clusterId}`,
    );
  }
  checkFeatures(context, request);
  const version = versionOf(context);
  const existing = context.image.cluster.brokers.get(brokerId);
  const isNewIncarnation = existing?.incarnationId !== request.incarnationId;
  if (existing !== undefined && isNewIncarnation) {
    // A directory is locked by the process that uses it: who has it now follows the one who had it before.
    const isSuccessor = request.logDirs.some((directory) => existing.directories.includes(directory));
    if (!isSuccessor && !existing.inControlledShutdown && hasValidSession(existing)) {
      throw new ApiError(
        ErrorCode.DUPLICATE_BROKER_REGISTRATION,
        `Another broker is registered with that broker id. If the broker was recently restarted this should self-resolve once the heartbeat manager expires the broker's session.`,
      );
    }
  }
  if (version.directories === true) checkDirectories(context, request);
  const records: NewMetadataRecord[] = [];
  if (isNewIncarnation && existing !== undefined) {
    const isClean = !isElrEnabled(context.image.features) || request.previousBrokerEpoch === existing.epoch;
    records.push(
      ...(isClean
        ? leaderAndIsrUpdates(context, { remove: brokerId }, context.index.withIsrMember(brokerId))
        : leaderAndIsrUpdates(context, { uncleanShutdown: brokerId }, context.index.withEligible(brokerId))),
    );
  }
  const brokerEpoch = isNewIncarnation ? context.nextOffset : (existing?.epoch ?? context.nextOffset);
  records.push({
    type: 'REGISTER_BROKER_RECORD',
    version: version.registerBroker,
    data: {
      brokerId,
      brokerEpoch,
      incarnationId: request.incarnationId,
      ...(version.migration === true ? { isMigratingZkBroker: request.isMigratingZkBroker } : {}),
      endPoints: request.listeners,
      features: request.features,
      rack: request.rack,
      fenced: true,
      ...(version.directories === true ? { logDirs: [...request.logDirs].sort() } : {}),
    },
  });
  const cause =
    existing === undefined || !isNewIncarnation
      ? `broker ${brokerId} registered`
      : existing.fenced
        ? `broker ${brokerId} started again`
        : `broker ${brokerId} started again before it was missed`;
  return { records, response: { errorCode: ErrorCode.NONE, brokerEpoch, throttleTimeMs: 0 }, atomic: true, cause };
}

function checkDirectories(context: ControlContext, { brokerId, logDirs }: BrokerRegistrationRequest): void {
  const refuse = (why: string): ApiError => new ApiError(ErrorCode.INVALID_REGISTRATION, why);
  if (logDirs.length === 0) throw refuse('No directories specified in request');
  if (logDirs.some(isReservedDirectory)) throw refuse('Reserved directory ID in request');
  if (new Set(logDirs).size < logDirs.length) throw refuse('Duplicate directory ID in request');
  for (const other of context.image.cluster.brokers.values()) {
    const shared = logDirs.find((directory) => other.id !== brokerId && other.directories.includes(directory));
    if (shared !== undefined) throw refuse(`Broker ${other.id} is already registered with directory ${shared}`);
  }
}

function checkFeatures(context: ControlContext, request: BrokerRegistrationRequest): void {
  const { features } = context.image;
  const finalized: [string, number][] = [[METADATA_VERSION_FEATURE, features.metadataVersion], ...features.levels];
  const supported = new Map(request.features.map((feature) => [feature.name, feature]));
  if (!supported.has(METADATA_VERSION_FEATURE)) {
    throw new ApiError(ErrorCode.INVALID_REGISTRATION, 'Request features do not contain metadata.version');
  }
  for (const [name, level] of finalized) {
    const range = supported.get(name);
    const min = range?.minSupportedVersion ?? 0;
    const max = range?.maxSupportedVersion ?? 0;
    if (level >= min && level <= max) continue;
    throw new ApiError(
      ErrorCode.UNSUPPORTED_VERSION,
      `Unable to register because the broker does not support finalized version ${level} of ${name}. The broker wants a version between ${min} and ${max}, inclusive.`,
    );
  }
}

/** Where a broker stands. `SHUTDOWN_NOW`: fenced, and told that it may go. */
type BrokerState = 'FENCED' | 'UNFENCED' | 'CONTROLLED_SHUTDOWN' | 'SHUTDOWN_NOW';

const CAUSES: Readonly<Record<BrokerState, string>> = {
  FENCED: 'asked not to be used',
  UNFENCED: 'is alive and has caught up with the metadata',
  CONTROLLED_SHUTDOWN: 'is shutting down',
  SHUTDOWN_NOW: 'has handed over what it led, and stops',
};

/**
 * A broker's heartbeat: it is unfenced once it has replayed its own registration, fenced when it asks for that, and on its
 * way down told to go when it leads nothing any more and `othersKnow`: the other brokers have replayed who leads now.
 * Directories that it has lost take their replicas with them.
 *
 * @throws ApiError STALE_BROKER_EPOCH
 */
export function heartbeat(
  context: ControlContext,
  request: BrokerHeartbeatRequest,
  othersKnow: () => boolean = () => true,
): Decision<BrokerHeartbeatResponseInput> {
  const broker = expectBroker(context, request.brokerId, request.brokerEpoch);
  const isCaughtUp = request.currentMetadataOffset >= broker.epoch;
  const lost = offlineDirectoryRecords(context, broker, request.offlineLogDirs);
  // What a lost directory moves comes first and alone: the next heartbeat decides on what is left.
  const next = lost.length > 0 ? currentState(broker) : nextState(context, broker, request, isCaughtUp, othersKnow);
  const records = lost.length > 0 ? lost : stateRecords(context, broker, next);
  if (request.cordonedLogDirs !== null) {
    const known = broker.cordonedDirectories;
    const wanted = [...request.cordonedLogDirs].sort();
    const isSame = known !== null && known.length === wanted.length && known.every((each, i) => each === wanted[i]);
    if (versionOf(context).cordoned === true && !isSame) {
      records.unshift(change(broker, 3, { cordonedLogDirs: wanted }));
    }
  }
  return {
    records,
    cause: lost.length > 0 ? `broker ${broker.id} lost a log directory` : `broker ${broker.id} ${CAUSES[next]}`,
    response: {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      isCaughtUp,
      isFenced: next === 'FENCED' || next === 'SHUTDOWN_NOW',
      shouldShutDown: next === 'SHUTDOWN_NOW',
    },
  };
}

function currentState(broker: BrokerRegistration): BrokerState {
  if (broker.fenced) return 'FENCED';
  return broker.inControlledShutdown ? 'CONTROLLED_SHUTDOWN' : 'UNFENCED';
}

function nextState(
  context: ControlContext,
  broker: BrokerRegistration,
  request: BrokerHeartbeatRequest,
  isCaughtUp: boolean,
  othersKnow: () => boolean,
): BrokerState {
  const leads = context.index.leaderships(broker.id) > 0;
  if (broker.inControlledShutdown) return leads || !othersKnow() ? 'CONTROLLED_SHUTDOWN' : 'SHUTDOWN_NOW';
  if (broker.fenced) {
    if (request.wantShutDown) return 'SHUTDOWN_NOW';
    return !request.wantFence && isCaughtUp ? 'UNFENCED' : 'FENCED';
  }
  if (request.wantFence) return request.wantShutDown ? 'SHUTDOWN_NOW' : 'FENCED';
  if (!request.wantShutDown) return 'UNFENCED';
  return leads ? 'CONTROLLED_SHUTDOWN' : 'SHUTDOWN_NOW';
}

function stateRecords(context: ControlContext, broker: BrokerRegistration, next: BrokerState): NewMetadataRecord[] {
  switch (next) {
    case 'UNFENCED':
      if (!broker.fenced) return [];
      return [
        change(broker, 0, { fenced: CLEAR }),
        ...leaderAndIsrUpdates(context, { add: broker.id }, context.index.leaderless),
      ];
    case 'CONTROLLED_SHUTDOWN':
      if (broker.inControlledShutdown) return [];
      return [
        change(broker, 1, { inControlledShutdown: SET }),
        ...leaderAndIsrUpdates(context, { remove: broker.id }, context.index.withIsrMember(broker.id)),
      ];
    case 'FENCED':
    case 'SHUTDOWN_NOW':
      return broker.fenced ? [] : fenceRecords(context, broker);
  }
}

/** A broker that does not answer any more, or asked for it, leads nothing and is in no ISR. */
export function fenceRecords(context: ControlContext, broker: BrokerRegistration): NewMetadataRecord[] {
  return [
    ...leaderAndIsrUpdates(context, { remove: broker.id }, context.index.withIsrMember(broker.id)),
    change(broker, 0, { fenced: SET }),
  ];
}

/**
 * Forgets a broker: it leaves the ISR and the ELR of all partitions, but stays among their replicas until they are reassigned.
 * Answers BROKER_ID_NOT_REGISTERED where there is none.
 */
export function unregisterBroker(context: ControlContext, brokerId: number): Decision<UnregisterBrokerResponseInput> {
  const broker = context.image.cluster.brokers.get(brokerId);
  if (broker === undefined) {
    const errorMessage = `Broker ID ${brokerId} is not currently registered`;
    return {
      records: [],
      response: { throttleTimeMs: 0, errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED, errorMessage },
    };
  }
  return {
    records: [
      ...leaderAndIsrUpdates(context, { uncleanShutdown: brokerId }, context.index.withEligible(brokerId)),
      { type: 'UNREGISTER_BROKER_RECORD', version: 0, data: { brokerId, brokerEpoch: broker.epoch } },
    ],
    response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    atomic: true,
    cause: `broker ${brokerId} was unregistered`,
  };
}

function change(
  broker: BrokerRegistration,
  version: number,
  fields: { fenced?: number; inControlledShutdown?: number; cordonedLogDirs?: readonly string[] },
): NewMetadataRecord {
  return {
    type: 'BROKER_REGISTRATION_CHANGE_RECORD',
    version,
    data: { brokerId: broker.id, brokerEpoch: broker.epoch, ...fields },
  };
}

/** @throws ApiError STALE_BROKER_EPOCH */
export function allocateProducerIds(
  context: ControlContext,
  brokerId: number,
  brokerEpoch: number,
): Decision<AllocateProducerIdsResponseInput> {
  expectBroker(context, brokerId, brokerEpoch);
  const producerIdStart = Math.max(context.image.producerIds.nextProducerId, 0);
  const nextProducerId = producerIdStart + PRODUCER_ID_BLOCK_SIZE;
  return {
    records: [{ type: 'PRODUCER_IDS_RECORD', version: 0, data: { brokerId, brokerEpoch, nextProducerId } }],
    response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerIdStart, producerIdLen: PRODUCER_ID_BLOCK_SIZE },
  };
}

/** Takes in a controller's registration, where it says something new. */
export function registerControllerRecords(
  context: ControlContext,
  request: Omit<ControllerRegistrationRequest, 'unknownTaggedFields'>,
): NewMetadataRecord[] {
  const known = context.image.cluster.controllers.get(request.controllerId);
  if (versionOf(context).controllerRegistration !== true || known?.incarnationId === request.incarnationId) return [];
  return [
    {
      type: 'REGISTER_CONTROLLER_RECORD',
      version: 0,
      data: {
        controllerId: request.controllerId,
        incarnationId: request.incarnationId,
        zkMigrationReady: request.zkMigrationReady,
        endPoints: request.listeners,
        features: request.features,
      },
    },
  ];
}
