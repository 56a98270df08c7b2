import { type SimWorld, Violation } from '../world/sim-world.ts';
import type { SimCluster } from '../world/sim-cluster.ts';
import type { SimNode } from '../world/sim-node.ts';
import type { DeliveryHistory } from './delivery-history.ts';
import type { EpochChecker } from './epoch-checker.ts';
import { type StoredBatch, type StoredLog, storedLogs, valuesOf } from './log-content.ts';

const METADATA_LOG = '__cluster_metadata-0';

/**
 * What lies on the disks: one batch per epoch and offset, wherever it is; leaders with all that was acknowledged; committed
 * metadata in the log of every later leader.
 */
export class LogChecker {
  readonly #world: SimWorld;
  readonly #cluster: SimCluster;
  readonly #history: DeliveryHistory;
  readonly #epochs: EpochChecker;
  /** By partition, epoch and offset: the batch's checksum and length. */
  readonly #batches = new Map<string, string>();
  /** Committed batches of the metadata log: base offset to epoch and checksum. */
  readonly #metadata = new Map<number, CommittedBatch>();
  #metadataEnd = 0;

  constructor(world: SimWorld, cluster: SimCluster, history: DeliveryHistory, epochs: EpochChecker) {
    this.#world = world;
    this.#cluster = cluster;
    this.#history = history;
    this.#epochs = epochs;
  }

  check(): void {
    for (const node of this.#cluster.nodes) {
      for (const log of storedLogs(node.disk, node.logDir)) {
        const name = log.name === METADATA_LOG ? METADATA_LOG : `${log.topicId}-${partitionOf(log)}`;
        // The file that names the topic may be gone with the power; the next start finds out.
        if (log.name !== METADATA_LOG && log.topicId === '') continue;
        this.#checkMatching(node, log, name);
        if (log.name === METADATA_LOG) this.#checkMetadata(node, log);
        else this.#checkLeader(node, log, name);
      }
    }
  }

  #checkMatching(node: SimNode, log: StoredLog, name: string): void {
    let end = -1;
    let epoch = -1;
    for (const batch of log.batches) {
      if (batch.baseOffset < end || batch.epoch < epoch) {
        throw new Violation(
          'offsets and epochs of a log grow',
          `${log.name} on ${node.machine.name}: offset ${batch.baseOffset} of epoch ${batch.epoch} after ${end - 1} of ${epoch}`,
        );
      }
      end = batch.lastOffset + 1;
      epoch = batch.epoch;
      const key = `${name}@${batch.epoch}:${batch.baseOffset}`;
      const content = `${batch.crc} to ${batch.lastOffset}`;
      const known = this.#batches.get(key);
      if (known === undefined) this.#batches.set(key, content);
      else if (known !== content) {
        throw new Violation(
          'logs match where epoch and offset do',
          `${log.name} on ${node.machine.name} has at offset ${batch.baseOffset} of epoch ${batch.epoch} the batch ` +
            `${content}; another log has or had ${known}`,
        );
      }
    }
  }

  #checkLeader(node: SimNode, log: StoredLog, name: string): void {
    const partition = partitionOf(log);
    if (node.running === undefined || this.#epochs.leaderOf(log.topicId, partition) !== node.id) return;
    const own = node.running.partitions(log.name.slice(0, log.name.lastIndexOf('-')));
    const state = own.find((each) => each.partition === partition && each.topicId === log.topicId);
    if (state?.leader !== node.id) return;
    const values = log.batches.flatMap((batch) => [...valuesOf(batch.bytes)].map(({ value }) => value));
    this.#history.compare(node.machine.name, name, log.batches[0]?.baseOffset ?? 0, values, true);
  }

  /** The leader of the quorum in `epoch` said so: everything below `highWatermark` of its log is committed. */
  onMetadataCommitted(leader: number, epoch: number, highWatermark: number): void {
    if (highWatermark <= this.#metadataEnd) return;
    const node = this.#cluster.nodes.find(({ id }) => id === leader);
    if (node === undefined) return;
    const log = [...storedLogs(node.disk, node.logDir)].find(({ name }) => name === METADATA_LOG);
    for (const batch of log?.batches ?? []) {
      if (batch.lastOffset >= highWatermark || batch.baseOffset < this.#metadataEnd) continue;
      this.#metadata.set(batch.baseOffset, { content: describe(batch), epoch });
      this.#metadataEnd = batch.lastOffset + 1;
    }
  }

  /**
   * A leader's log has every batch that was committed in its epoch or before (below its start a snapshot has it). One that was
   * replaced and has not heard of it may have others in their place, which it cannot commit.
   */
  #checkMetadata(node: SimNode, log: StoredLog): void {
    const controller = node.running?.controller();
    if (controller?.id !== node.id) return;
    const start = log.batches[0]?.baseOffset ?? 0;
    const byOffset = new Map(log.batches.map((batch) => [batch.baseOffset, batch]));
    for (const [offset, { content, epoch }] of this.#metadata) {
      if (offset < start || epoch > controller.epoch) continue;
      const found = byOffset.get(offset);
      if (found !== undefined && describe(found) === content) continue;
      throw new Violation(
        'committed metadata never disappears',
        `${node.machine.name}, controller in epoch ${controller.epoch}, has at offset ${offset} ` +
          `${found === undefined ? 'nothing' : describe(found)}; committed is ${content}`,
      );
    }
  }

  /** At rest all replicas of a partition have the same bytes, and each producer's records once and in order. */
  checkFinal(): void {
    const logs = new Map<string, { node: SimNode; log: StoredLog }>();
    for (const node of this.#cluster.nodes) {
      for (const log of storedLogs(node.disk, node.logDir)) {
        if (log.name === METADATA_LOG) continue;
        const partition = partitionOf(log);
        const states = node.running?.partitions(log.name.slice(0, log.name.lastIndexOf('-'))) ?? [];
        if (!states.some((state) => state.partition === partition && state.topicId === log.topicId)) continue;
        const name = `${log.topicId}-${partition}`;
        const first = logs.get(name);
        if (first === undefined) logs.set(name, { node, log });
        else this.#expectSame(first, { node, log });
      }
    }
    for (const [name, { log }] of logs) {
      if (log.name.startsWith('__')) continue;
      const values = log.batches.flatMap((batch) => [...valuesOf(batch.bytes)].map(({ value }) => value));
      this.#history.checkOrder(name, values);
    }
    this.#world.mix(logs.size);
  }

  #expectSame(a: { node: SimNode; log: StoredLog }, b: { node: SimNode; log: StoredLog }): void {
    const textOf = ({ log }: { log: StoredLog }): string[] => log.batches.map(describe);
    const [left, right] = [textOf(a), textOf(b)];
    const at = left.findIndex((text, index) => right[index] !== text);
    if (at < 0 && left.length === right.length) return;
    const index = at < 0 ? left.length : at;
    throw new Violation(
      'at rest all replicas are the same',
      `${a.log.name}, batch ${index}: ${a.node.machine.name} has ${left[index] ?? 'none'}, ` +
        `${b.node.machine.name} has ${right[index] ?? 'none'}`,
    );
  }
}

interface CommittedBatch {
  readonly content: string;
  /** Of the leader that committed it, perhaps later than the batch's own. */
  readonly epoch: number;
}

function partitionOf(log: StoredLog): number {
  return Number(log.name.slice(log.name.lastIndexOf('-') + 1));
}

function describe(batch: StoredBatch): string {
  return `offsets ${batch.baseOffset} to ${batch.lastOffset} of epoch ${batch.epoch} (crc ${batch.crc})`;
}
