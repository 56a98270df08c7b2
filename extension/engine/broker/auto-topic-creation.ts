import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { isInternalTopic, topicNameProblem } from '../metadata/topic-names.ts';
import type { Logger } from '../common/logger.ts';
import type { Controller } from '../metadata/controller-port.ts';
import { CONSUMER_OFFSETS } from './internal-topics.ts';

/** The shape of the internal topics, from broker configs; read each time, since brokers come and go. */
export interface InternalTopicShape {
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** Topics that may be on their way at once; more requests wait for the client's next attempt. */
const IN_FLIGHT_MAX = 1000;

/**
 * Makes topics that clients ask for: ordinary ones when `auto.create.topics.enable` is on, internal ones when a coordinator
 * is looked up. A topic is asked for once, however many clients wait for it.
 */
export class AutoTopicCreation {
  readonly #controller: Controller;
  readonly #enabled: () => boolean;
  readonly #internalShape: (topic: string) => InternalTopicShape;
  readonly #logger: Logger;
  readonly #inFlight = new Set<string>();

  constructor(options: {
    controller: Controller;
    enabled: () => boolean;
    internalShape: (topic: string) => InternalTopicShape;
    logger: Logger;
  }) {
    this.#controller = options.controller;
    this.#enabled = options.enabled;
    this.#internalShape = options.internalShape;
    this.#logger = options.logger;
  }

  /** What to say of a topic that does not exist and is not being made. */
  codeOfMissing(topic: string): number {
    return topicNameProblem(topic) === undefined
      ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      : ErrorCode.INVALID_TOPIC_EXCEPTION;
  }

  /** Begins to make those of the topics that may be made; the error code to answer meanwhile, by topic. */
  request(topics: readonly string[]): Map<string, number> {
    const codes = new Map<string, number>();
    const enabled = this.#enabled();
    for (const topic of topics) {
      const code = this.codeOfMissing(topic);
      codes.set(topic, code);
      if (code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && (enabled || topic === CONSUMER_OFFSETS)) this.create(topic);
    }
    return codes;
  }

  /** Begins to make a topic unless that is under way already. */
  create(topic: string): void {
    if (this.#inFlight.has(topic) || this.#inFlight.size >= IN_FLIGHT_MAX) return;
    this.#inFlight.add(topic);
    const shape = isInternalTopic(topic)
      ? this.#internalShape(topic)
      : { numPartitions: -1, replicationFactor: -1, configs: {} };
    this.#controller
      .createTopics({
        topics: [
          {
            name: topic,
            numPartitions: shape.numPartitions,
            replicationFactor: shape.replicationFactor,
            assignments: [],
            configs: Object.entries(shape.configs).map(([name, value]) => ({
              name,
              value,
              unknownTaggedFields: undefined,
            })),
            unknownTaggedFields: undefined,
          },
        ],
        timeoutMs: 30_000,
        validateOnly: false,
        unknownTaggedFields: undefined,
      })
      .then(
        ({ topics: [result] }) => {
          const code = result?.errorCode ?? ErrorCode.NONE;
          if (code !== ErrorCode.NONE && code !== ErrorCode.TOPIC_ALREADY_EXISTS) {
            this.#logger.warn(`topic ${topic} could not be made: ${result?.errorMessage ?? errorName(code)}`);
          }
        },
        (error: unknown) => this.#logger.error(`topic ${topic} could not be made`, error),
      )
      .finally(() => this.#inFlight.delete(topic));
  }
}
