import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { Controller } from '../metadata/controller-port.ts';

/** The next block is asked for when this part of the present one is used. */
const PREFETCH_THRESHOLD = 0.9;

/** Producer ids, taken from blocks that the controller hands out (KIP-730), so that no two producers ever share one. */
export class ProducerIdManager {
  readonly #controller: Controller;
  readonly #brokerId: number;
  readonly #brokerEpoch: () => number;
  #next = 0;
  #end = 0;
  #blockSize = 0;
  #coming: { first: number; length: number } | undefined;
  #request: Promise<void> | undefined;

  constructor(options: { controller: Controller; brokerId: number; brokerEpoch: () => number }) {
    this.#controller = options.controller;
    this.#brokerId = options.brokerId;
    this.#brokerEpoch = options.brokerEpoch;
  }

  /** @throws ApiError (rejects) when the controller has none to give */
  async generate(): Promise<number> {
    for (;;) {
      if (this.#next < this.#end) {
        const id = this.#next++;
        const used = this.#blockSize - (this.#end - this.#next);
        // A failure shows when the block is empty and the controller is asked again.
        if (used >= this.#blockSize * PREFETCH_THRESHOLD && this.#coming === undefined)
          this.#ask().catch(() => undefined);
        return id;
      }
      if (this.#coming !== undefined) {
        this.#next = this.#coming.first;
        this.#blockSize = this.#coming.length;
        this.#end = this.#next + this.#blockSize;
        this.#coming = undefined;
        continue;
      }
      await this.#ask();
    }
  }

  #ask(): Promise<void> {
    this.#request ??= this.#controller
      .allocateProducerIds({
        brokerId: this.#brokerId,
        brokerEpoch: this.#brokerEpoch(),
        unknownTaggedFields: undefined,
      })
      .then((answer) => {
        if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode);
        this.#coming = { first: answer.producerIdStart, length: answer.producerIdLen };
      })
      .finally(() => (this.#request = undefined));
    return this.#request;
  }
}
