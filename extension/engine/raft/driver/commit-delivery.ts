import type { CommittedBatch, RaftListener } from '../raft-ports.ts';
import type { QuorumLog } from './quorum-log.ts';
import type { LoadedSnapshot } from './snapshots.ts';

/** Hands committed records to the listener, in log order, each once. */
export class CommitDelivery {
  readonly #log: QuorumLog;
  #listener: RaftListener | undefined;
  /** The snapshot that the listener has to load first. */
  #snapshot: LoadedSnapshot | undefined;
  #nextOffset = 0;
  /** Own appends that are not committed yet. */
  #pending: CommittedBatch[] = [];

  constructor(log: QuorumLog) {
    this.#log = log;
    this.#snapshot = log.firstSnapshot;
  }

  get listener(): RaftListener {
    if (this.#listener === undefined) throw new Error('nobody listens to the metadata log');
    return this.#listener;
  }

  set listener(listener: RaftListener) {
    if (this.#listener !== undefined) throw new Error('the metadata log has a listener');
    this.#listener = listener;
  }

  /** This node appended a batch as leader: it is at hand when it is committed. */
  appended(batch: CommittedBatch): void {
    this.#pending.push(batch);
  }

  /** This node leads no more: what it appended may be cut off. */
  dropPending(): void {
    this.#pending = [];
  }

  /** A snapshot took the place of the log. */
  replaced(snapshot: LoadedSnapshot): void {
    this.#snapshot = snapshot;
  }

  /** Everything below is committed and on this node. */
  deliver(highWatermark: number): void {
    const { listener } = this;
    this.#log.commit(highWatermark);
    const snapshot = this.#snapshot;
    if (snapshot !== undefined) {
      this.#snapshot = undefined;
      listener.onLoadSnapshot(snapshot);
      this.#nextOffset = snapshot.id.offset;
    }
    const firstPending = this.#pending[0]?.baseOffset ?? highWatermark;
    const readTo = Math.min(firstPending, highWatermark);
    if (this.#nextOffset < readTo) {
      for (const batch of this.#log.batches(this.#nextOffset, readTo)) listener.onCommit([batch]);
    }
    const committed = this.#pending.findIndex(({ lastOffset }) => lastOffset >= highWatermark);
    const ready = this.#pending.splice(0, committed < 0 ? this.#pending.length : committed);
    if (ready.length > 0) listener.onCommit(ready);
    this.#nextOffset = Math.max(this.#nextOffset, highWatermark);
  }
}
