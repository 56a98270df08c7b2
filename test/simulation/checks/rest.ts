import type { SimAdmin } from '../clients/sim-admin.ts';
import type { SimCommitter } from '../clients/sim-committer.ts';
import type { SimConsumer } from '../clients/sim-consumer.ts';
import type { SimProducer } from '../clients/sim-producer.ts';
import type { SimCluster } from '../world/sim-cluster.ts';
import { Violation } from '../world/sim-world.ts';

/** When a cluster has come to rest: every replica in sync and the same, every client done. */
export class Rest {
  readonly #cluster: SimCluster;
  readonly #producers: readonly SimProducer[];
  readonly #consumers: readonly SimConsumer[];
  readonly #committer: SimCommitter;
  readonly #admin: SimAdmin;

  constructor(options: {
    cluster: SimCluster;
    producers: readonly SimProducer[];
    consumers: readonly SimConsumer[];
    committer: SimCommitter;
    admin: SimAdmin;
  }) {
    this.#cluster = options.cluster;
    this.#producers = options.producers;
    this.#consumers = options.consumers;
    this.#committer = options.committer;
    this.#admin = options.admin;
  }

  isReached(): boolean {
    return this.whatIsMissing().length === 0;
  }

  whatIsMissing(): string[] {
    const missing: string[] = [];
    for (const { id, running, isStopping } of this.#cluster.nodes)
      if (running === undefined || isStopping) missing.push(`node ${id} does not serve`);
    if (missing.length > 0) return missing;
    this.#producers.forEach(({ isDone }, index) => {
      if (!isDone) missing.push(`producer-${index + 1} is not done`);
    });
    this.#consumers.forEach(({ isDone }, index) => {
      if (!isDone) missing.push(`consumer-${index + 1} has not read everything`);
    });
    if (!this.#committer.isDone) missing.push('the committer is not done');
    if (this.#admin.isBusyAtAll) missing.push('the admin is not done');
    return [...missing, ...this.#metadata(), ...this.#replicas()];
  }

  /** A node that follows behind has not forgotten anything: it is waited for. */
  #metadata(): string[] {
    const known = this.#cluster.nodes.map(({ id, running }) => ({ id, mark: running!.quorum().highWatermark }));
    const latest = Math.max(...known.map(({ mark }) => mark));
    const behind = known.filter(({ mark }) => mark < latest);
    return behind.map(({ id, mark }) => `node ${id} knows the metadata up to ${mark} of ${latest}`);
  }

  #replicas(): string[] {
    const missing: string[] = [];
    const ends = new Map<string, string>();
    for (const { id, running } of this.#cluster.nodes) {
      for (const { topic, partition, leader, replicas, isr, partitionEpoch, replicaStates } of running!.partitions()) {
        const name = `${topic}-${partition}`;
        if (leader < 0) missing.push(`${name} has no leader for node ${id}`);
        if (isr.length < replicas.length)
          missing.push(`${name} has ISR [${isr.join()}] of [${replicas.join()}] for node ${id}`);
        const own = replicaStates.find(({ broker }) => broker === id);
        if (!replicas.includes(id)) continue;
        const end = `end ${own?.logEndOffset}, high watermark ${own?.highWatermark}, partition epoch ${partitionEpoch}`;
        const other = ends.get(name);
        if (other === undefined) ends.set(name, end);
        else if (other !== end) missing.push(`${name} has ${end} on node ${id}, ${other} elsewhere`);
        if (own !== undefined && own.highWatermark !== own.logEndOffset) missing.push(`${name} on node ${id}: ${end}`);
      }
    }
    return missing;
  }

  /** Every broker knows the topics that were created and not deleted. */
  async checkTopics(inspector: SimAdmin): Promise<void> {
    for (const id of this.#cluster.brokerIds) {
      const known = await inspector.topicsOf(id);
      if (known === undefined) throw new Violation('every node answers at rest', `node ${id} does not answer Metadata`);
      for (const name of this.#admin.topics) {
        if (known.has(name)) continue;
        const what = `node ${id} does not know the topic ${name}, which was created`;
        throw new Violation('committed metadata never disappears', what);
      }
    }
  }
}
