/** Security protocols as listeners' numbers on the wire. */
export const SecurityProtocol = { PLAINTEXT: 0, SSL: 1, SASL_PLAINTEXT: 2, SASL_SSL: 3 } as const;

/** One advertised address. */
export interface RegisteredEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** One of `SecurityProtocol`. */
  readonly securityProtocol: number;
}

/** Versions of a feature that a node supports, both inclusive. */
export interface SupportedFeature {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** A broker as the controller knows it. */
export interface BrokerRegistration {
  readonly id: number;
  /** Offset of the record that registered it. */
  readonly epoch: number;
  /** Another one each time the broker starts. */
  readonly incarnationId: string;
  readonly listeners: readonly RegisteredEndpoint[];
  readonly features: ReadonlyMap<string, SupportedFeature>;
  readonly rack: string | null;
  /** Not (yet) alive: neither leads nor is told to clients. */
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
  readonly isMigratingZkBroker: boolean;
  /** Ids of its log directories that are online, sorted. */
  readonly directories: readonly string[];
  /** Directories that take no new replicas (KIP-1066); null where the broker never said. */
  readonly cordonedDirectories: readonly string[] | null;
}

/** A controller as it registered itself. */
export interface ControllerRegistration {
  readonly id: number;
  readonly incarnationId: string;
  readonly zkMigrationReady: boolean;
  readonly listeners: readonly RegisteredEndpoint[];
  readonly features: ReadonlyMap<string, SupportedFeature>;
}
