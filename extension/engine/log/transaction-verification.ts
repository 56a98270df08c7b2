/**
 * Handed out when a transaction is about to reach this partition, and handed back with its first batch once the
 * coordinator has said that the transaction is open (KIP-890). Compared by identity.
 */
export type VerificationGuard = object;

/** What is known of a producer whose transaction is being verified. */
export interface PendingVerification {
  readonly guard: VerificationGuard;
  /** The producer gets a new epoch with each transaction, so its sequences begin at 0. */
  readonly supportsEpochBump: boolean;
  /** Of all batches that wait for this verification: one must not overtake an earlier one. */
  readonly lowestSequence: number;
  readonly producerEpoch: number;
  readonly startedMs: number;
}

/** The first batch of a transaction, about to be verified. */
export interface VerificationRequest {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly supportsEpochBump: boolean;
}

/** Transactions of which this partition does not know yet whether they are open. In memory only, as in Kafka. */
export class TransactionVerifications {
  readonly #pending = new Map<number, PendingVerification>();

  of(producerId: number): PendingVerification | undefined {
    return this.#pending.get(producerId);
  }

  /** The guard of a producer; a second request before the first append gets the same. */
  start(request: VerificationRequest, nowMs: number): VerificationGuard {
    const { producerId, producerEpoch, firstSequence, supportsEpochBump } = request;
    const known = this.#pending.get(producerId);
    if (known !== undefined) {
      const isLater = producerEpoch > known.producerEpoch;
      const isEarlierBatch = producerEpoch === known.producerEpoch && firstSequence < known.lowestSequence;
      if (isLater || isEarlierBatch) {
        this.#pending.set(producerId, { ...known, producerEpoch, lowestSequence: firstSequence });
      }
      return known.guard;
    }
    const guard: VerificationGuard = Object.freeze({});
    const pending = { guard, supportsEpochBump, lowestSequence: firstSequence, producerEpoch, startedMs: nowMs };
    this.#pending.set(producerId, pending);
    return guard;
  }

  /** The transaction has begun here, or has ended: the next one is verified anew. */
  end(producerId: number): void {
    if (this.#pending.size > 0) this.#pending.delete(producerId);
  }

  removeExpired(nowMs: number, expirationMs: number): void {
    for (const [producerId, { startedMs }] of this.#pending) {
      if (nowMs - startedMs >= expirationMs) this.#pending.delete(producerId);
    }
  }
}
