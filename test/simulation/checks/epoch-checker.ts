import type { PartitionState } from '../../../extension/shared/cluster-protocol.ts';
import type { SimCluster } from '../world/sim-cluster.ts';
import { Violation } from '../world/sim-world.ts';

/** What nodes say of themselves, now and then: one leader per epoch, one state per partition epoch, watermarks that grow. */
export class EpochChecker {
  readonly #cluster: SimCluster;
  readonly #controllers = new Map<number, number>();
  readonly #leaders = new Map<string, number>();
  readonly #states = new Map<string, string>();
  /** By the process's broker object, so that a restart begins anew. */
  readonly #watermarks = new WeakMap<object, Map<string, number>>();
  /** The newest leader epoch of each partition that any node knew. */
  readonly #newest = new Map<string, number>();

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  check(): void {
    for (const node of this.#cluster.nodes) {
      const { running } = node;
      if (running === undefined) continue;
      const { id, epoch } = running.controller();
      if (id >= 0) this.#one(this.#controllers, epoch, id, 'one leader per raft epoch', `raft epoch ${epoch}`);
      for (const partition of running.partitions()) this.#checkPartition(node.id, running, partition);
    }
  }

  /** Who leads a partition in the newest epoch that anybody knows; undefined when nobody does. */
  leaderOf(topicId: string, partition: number): number | undefined {
    const epoch = this.#newest.get(`${topicId}-${partition}`);
    const leader = epoch === undefined ? undefined : this.#leaders.get(`${topicId}-${partition}@${epoch}`);
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  #checkPartition(nodeId: number, running: object, state: PartitionState): void {
    const { topic, topicId, partition, leader, leaderEpoch, partitionEpoch } = state;
    const name = `${topicId}-${partition}`;
    const what = `${topic}-${partition}`;
    this.#one(
      this.#leaders,
      `${name}@${leaderEpoch}`,
      leader,
      'one leader per epoch',
      `${what} in epoch ${leaderEpoch}`,
    );
    this.#newest.set(name, Math.max(this.#newest.get(name) ?? -1, leaderEpoch));
    const { isr, replicas } = state;
    this.#one(
      this.#states,
      `${name}@${partitionEpoch}`,
      `leader ${leader}, epoch ${leaderEpoch}, ISR ${isr.join()}, replicas ${replicas.join()}`,
      'all nodes have the same metadata',
      `${what} in partition epoch ${partitionEpoch}`,
    );
    if (leader !== nodeId) return;
    let watermarks = this.#watermarks.get(running);
    if (watermarks === undefined) this.#watermarks.set(running, (watermarks = new Map()));
    const own = state.replicaStates.find(({ broker }) => broker === nodeId);
    const before = watermarks.get(`${name}@${leaderEpoch}`) ?? -1;
    const now = own?.highWatermark ?? -1;
    if (now < before) {
      throw new Violation(
        'the high watermark never moves back',
        `on node ${nodeId}, leader of ${what} in epoch ${leaderEpoch}, it went from ${before} to ${now}`,
      );
    }
    watermarks.set(`${name}@${leaderEpoch}`, now);
  }

  #one<K, V>(known: Map<K, V>, key: K, value: V, rule: string, what: string): void {
    const before = known.get(key);
    if (before === undefined) known.set(key, value);
    else if (before !== value) throw new Violation(rule, `${what}: ${String(before)} and ${String(value)}`);
  }
}
