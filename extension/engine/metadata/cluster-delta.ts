import type { BrokerRegistrationChangeRecord } from '../../protocol/generated/broker-registration-change-record.ts';
import type { RegisterBrokerRecord } from '../../protocol/generated/register-broker-record.ts';
import type { RegisterControllerRecord } from '../../protocol/generated/register-controller-record.ts';
import type { UnregisterBrokerRecord } from '../../protocol/generated/unregister-broker-record.ts';
import type { BrokerRegistration, ControllerRegistration, SupportedFeature } from './broker-registration.ts';
import { MetadataError } from './metadata-error.ts';
import { ClusterImage } from './metadata-image.ts';

/** What happens to registrations. */
export class ClusterDelta {
  readonly before: ClusterImage;
  /** New and changed registrations; undefined for a broker that was unregistered. */
  readonly changedBrokers = new Map<number, BrokerRegistration | undefined>();
  readonly changedControllers = new Map<number, ControllerRegistration>();

  constructor(before: ClusterImage) {
    this.before = before;
  }

  registerBroker(record: RegisterBrokerRecord): void {
    this.changedBrokers.set(record.brokerId, {
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      listeners: record.endPoints,
      features: featureMap(record.features),
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
      isMigratingZkBroker: record.isMigratingZkBroker,
      directories: record.logDirs,
      cordonedDirectories: record.cordonedLogDirs,
    });
  }

  unregisterBroker(record: UnregisterBrokerRecord): void {
    this.#registered(record.brokerId, record.brokerEpoch);
    this.changedBrokers.set(record.brokerId, undefined);
  }

  changeRegistration(record: BrokerRegistrationChangeRecord): void {
    this.changeBroker(record.brokerId, record.brokerEpoch, {
      ...(record.fenced === 0 ? {} : { fenced: record.fenced > 0 }),
      ...(record.inControlledShutdown === 0 ? {} : { inControlledShutdown: record.inControlledShutdown > 0 }),
      ...(record.logDirs.length === 0 ? {} : { directories: record.logDirs }),
      ...(record.cordonedLogDirs === null ? {} : { cordonedDirectories: record.cordonedLogDirs }),
    });
  }

  changeBroker(id: number, epoch: number, change: Partial<BrokerRegistration>): void {
    this.changedBrokers.set(id, { ...this.#registered(id, epoch), ...change });
  }

  registerController(record: RegisterControllerRecord): void {
    this.changedControllers.set(record.controllerId, {
      id: record.controllerId,
      incarnationId: record.incarnationId,
      zkMigrationReady: record.zkMigrationReady,
      listeners: record.endPoints,
      features: featureMap(record.features),
    });
  }

  apply(): ClusterImage {
    if (this.changedBrokers.size === 0 && this.changedControllers.size === 0) return this.before;
    return new ClusterImage(
      merged(this.before.brokers, this.changedBrokers),
      merged(this.before.controllers, this.changedControllers),
    );
  }

  #registered(id: number, epoch: number): BrokerRegistration {
    const broker = this.changedBrokers.has(id) ? this.changedBrokers.get(id) : this.before.brokers.get(id);
    if (broker === undefined) throw new MetadataError(`A record is about broker ${id}, which is not registered.`);
    if (broker.epoch !== epoch) {
      throw new MetadataError(`A record is about epoch ${epoch} of broker ${id}, which has epoch ${broker.epoch}.`);
    }
    return broker;
  }
}

function featureMap(
  features: readonly { name: string; minSupportedVersion: number; maxSupportedVersion: number }[],
): Map<string, SupportedFeature> {
  return new Map(
    features.map((feature) => [
      feature.name,
      { minVersion: feature.minSupportedVersion, maxVersion: feature.maxSupportedVersion },
    ]),
  );
}

function merged<T>(
  before: ReadonlyMap<number, T>,
  changes: ReadonlyMap<number, T | undefined>,
): ReadonlyMap<number, T> {
  if (changes.size === 0) return before;
  const all = new Map<number, T | undefined>([...before, ...changes]);
  const kept = [...all].filter((entry): entry is [number, T] => entry[1] !== undefined);
  return new Map(kept.sort(([a], [b]) => a - b));
}
