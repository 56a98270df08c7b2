/** The state of one partition of a coordinator's log. The runtime calls it; nobody else changes it. */
export interface CoordinatorShard<R> {
  /**
   * Applies a record that lies in the log at `offset` (an ever-growing position; real offsets while loading).
   * `producerId` is -1 outside of transactions.
   */
  replay(offset: number, producerId: number, record: R): void;
  /** Applies the end of a producer's transaction. */
  replayEndTransactionMarker(producerId: number, isCommit: boolean): void;
  /** All records have been replayed; requests come next. */
  onLoaded(): void;
  /** The partition is led elsewhere now. What waits for this shard must be answered NOT_COORDINATOR. */
  onUnloaded(): void;
  /** Everything up to and including `offset` is committed. */
  onCommitted(offset: number): void;
}

/** How records of a coordinator become log records and back. */
export interface CoordinatorRecordSerde<R> {
  /** @throws ProtocolError when a field does not fit the format */
  encode(record: R): { readonly key: Buffer; readonly value: Buffer | null };
  /**
   * Undefined for a record that is to be skipped. The buffers belong to the caller: keep copies.
   *
   * @throws ProtocolError for bytes that are not what their key says
   */
  decode(key: Buffer | null, value: Buffer | null): R | undefined;
}
