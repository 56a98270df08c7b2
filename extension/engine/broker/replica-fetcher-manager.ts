import type { NodeAddress } from '../common/network.ts';
import type { BrokerRegistration } from '../metadata/broker-registration.ts';
import type { ClusterImage } from '../metadata/metadata-image.ts';
import type { Partition } from './partition.ts';
import { type FetcherContext, ReplicaFetcher } from './replica-fetcher.ts';

/** Partitions that follow one broker, and what copies them while its address is known. */
interface Source {
  readonly partitions: Set<Partition>;
  fetcher: ReplicaFetcher | undefined;
  /** The broker's epoch when its address was last looked up. */
  epoch: number;
}

/** One fetcher for each broker that leads partitions of which this broker has followers. */
export class ReplicaFetcherManager {
  readonly #context: FetcherContext;
  readonly #sources = new Map<number, Source>();
  readonly #sourceOf = new Map<Partition, number>();

  constructor(context: FetcherContext) {
    this.#context = context;
  }

  /** From now on `partition` copies the log of its leader, in the leader epoch that it is in. */
  follow(partition: Partition, leaderId: number, cluster: ClusterImage): void {
    if (this.#sourceOf.get(partition) !== leaderId) this.unfollow(partition);
    let source = this.#sources.get(leaderId);
    if (source === undefined) {
      source = { partitions: new Set(), fetcher: undefined, epoch: -1 };
      this.#sources.set(leaderId, source);
    }
    source.partitions.add(partition);
    this.#sourceOf.set(partition, leaderId);
    if (source.fetcher === undefined) this.#connect(source, cluster.brokers.get(leaderId));
    else source.fetcher.follow(partition);
  }

  unfollow(partition: Partition): void {
    const id = this.#sourceOf.get(partition);
    if (id === undefined) return;
    this.#sourceOf.delete(partition);
    const source = this.#sources.get(id)!;
    source.partitions.delete(partition);
    source.fetcher?.unfollow(partition);
    if (source.partitions.size > 0) return;
    source.fetcher?.close();
    this.#sources.delete(id);
  }

  /** Brokers may have come back, or have moved. */
  onClusterChange(cluster: ClusterImage): void {
    for (const [id, source] of this.#sources) {
      const broker = cluster.brokers.get(id);
      if (broker !== undefined && broker.epoch !== source.epoch) this.#connect(source, broker);
    }
  }

  close(): void {
    for (const { fetcher } of this.#sources.values()) fetcher?.close();
    this.#sources.clear();
    this.#sourceOf.clear();
  }

  #connect(source: Source, broker: BrokerRegistration | undefined): void {
    const address = broker && this.#addressOf(broker);
    if (broker === undefined || address === undefined) return;
    source.epoch = broker.epoch;
    if (source.fetcher !== undefined) return source.fetcher.connectAnew(address);
    source.fetcher = new ReplicaFetcher(this.#context, address);
    for (const partition of source.partitions) source.fetcher.follow(partition);
  }

  #addressOf({ id, listeners }: BrokerRegistration): NodeAddress | undefined {
    const { listenerName } = this.#context.settings;
    const listener = listeners.find(({ name }) => name === listenerName) ?? listeners[0];
    return listener && { nodeId: id, host: listener.host, port: listener.port };
  }
}
