import { randomUuid } from '../common/random.ts';
import type { NodeNetwork } from '../common/network.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';
import type { LeaderAndEpoch } from '../raft/raft-ports.ts';
import type { AnyApiHandler } from '../server/api-handler.ts';
import type { BrokerConfigInput, BrokerPorts } from './broker-options.ts';
import { BrokerWatch } from './broker-watch.ts';
import { controllerApis } from './controller-apis.ts';
import { controllersOf, REGISTERED_FEATURES, registeredEndpoint, type SharedServer } from './shared-server.ts';

/** Between attempts to register with the active controller. */
const REGISTRATION_RETRY_MS = 500;

export interface ControllerServerOptions {
  /** With the ports that were bound. */
  readonly input: BrokerConfigInput;
  readonly ports: BrokerPorts;
  readonly network: NodeNetwork;
  readonly shared: SharedServer;
  readonly resolver: ConfigResolver;
}

/** A node's part as a controller: serves the controller listener, registers with the active controller, watches brokers. */
export class ControllerServer {
  readonly apis: readonly AnyApiHandler[];
  readonly #options: ControllerServerOptions;
  readonly #watch: BrokerWatch;
  readonly #incarnationId: string;
  #isRegistering = false;
  #closed = false;

  constructor(options: ControllerServerOptions) {
    const { input, ports, network, shared, resolver } = options;
    const { controller } = shared;
    const image = (): MetadataImage => shared.loader.image;
    this.#options = options;
    this.#incarnationId = randomUuid(ports.random);
    this.#watch = new BrokerWatch({
      ...{ network, image, clock: ports.clock, nodeId: input.nodeId },
      isActive: () => controller.isActive,
      onDead: (brokerId, brokerEpoch) => controller.onBrokerUnreachable(brokerId, brokerEpoch),
    });
    this.apis = controllerApis({
      ...{ shared, controller, image, resolver, watch: this.#watch },
      nodeId: input.nodeId,
      clusterId: input.clusterId,
    });
  }

  connectionClosed(connectionId: number): void {
    this.#watch.connectionClosed(connectionId);
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    const { input, ports } = this.#options;
    if (leader.leaderId === input.nodeId) {
      // After the controller has become active.
      ports.clock.defer(() => this.#watch.activated());
    } else if (leader.leaderId >= 0) this.#register();
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
  }

  /** Says its addresses and features, once per life; the active controller registers itself. */
  #register(): void {
    if (this.#isRegistering || this.#closed) return;
    this.#isRegistering = true;
    const { input, ports, shared } = this.#options;
    shared.channel
      .registerController({
        controllerId: input.nodeId,
        incarnationId: this.#incarnationId,
        zkMigrationReady: false,
        listeners: controllersOf(input).map((listener) => ({
          ...registeredEndpoint(listener),
          unknownTaggedFields: undefined,
        })),
        features: REGISTERED_FEATURES,
        unknownTaggedFields: undefined,
      })
      .catch((error: unknown) => {
        ports.logger.debug(`controller ${input.nodeId} is not registered yet: ${String(error)}`);
        ports.clock.schedule(REGISTRATION_RETRY_MS, () => {
          this.#isRegistering = false;
          this.#register();
        });
      });
  }
}
