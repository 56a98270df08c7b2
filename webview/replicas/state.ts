import type {
  BrokerAction,
  ReplicasBroker,
  ReplicasConnection,
  ReplicasPartition,
  ReplicasSnapshot,
  ReplicasSummary,
  TimelineEntry,
} from '../../extension/shared/replicas-contract.ts';

/** Rows far out of sight are forgotten; the host sends them again when they come back. */
const KEPT_ROWS = 512;
const KEPT_ENTRIES = 500;

/** What the view knows, without how it looks. Replaced in place by snapshots. */
export class ReplicasModel {
  connection: ReplicasConnection = { state: 'loading' };
  summary: ReplicasSummary | null = null;
  brokers: readonly ReplicasBroker[] = [];
  timeline: readonly TimelineEntry[] = [];
  readonly #rows = new Map<number, ReplicasPartition>();
  #changed = new Set<number>();

  row(index: number): ReplicasPartition | undefined {
    return this.#rows.get(index);
  }

  /** Whether leader or ISR of the row changed with the last snapshot. */
  hasChanged(index: number): boolean {
    return this.#changed.has(index);
  }

  /** Takes what the host sent and answers what is worth saying aloud, if anything is. */
  apply(snapshot: ReplicasSnapshot): string | undefined {
    const isFirst = this.summary === null;
    this.connection = snapshot.connection;
    if (snapshot.summary !== null) this.summary = snapshot.summary;
    if (snapshot.brokers.length > 0) this.brokers = snapshot.brokers;
    this.#changed = new Set();
    for (const { index, value } of snapshot.rows) {
      const before = this.#rows.get(index);
      if (before !== undefined && changeKey(before) !== changeKey(value)) this.#changed.add(index);
      this.#rows.delete(index);
      this.#rows.set(index, value);
    }
    for (const index of this.#rows.keys()) {
      if (this.#rows.size <= KEPT_ROWS) break;
      this.#rows.delete(index);
    }
    this.#addEntries(snapshot.timeline);
    const last = snapshot.timeline.at(-1);
    return isFirst || last === undefined ? undefined : `${last.text} ${last.detail}`.trim();
  }

  /** All of the timeline comes anew: forget what is known of it. */
  clearTimeline(): void {
    this.timeline = [];
  }

  /** The row of a partition, where it is among those that are known. */
  indexOf(topic: string, partition: number): number | undefined {
    for (const [index, row] of this.#rows) if (row.topic === topic && row.partition === partition) return index;
    return undefined;
  }

  #addEntries(entries: readonly TimelineEntry[]): void {
    if (entries.length === 0) return;
    const all = [...this.timeline];
    for (const entry of entries) {
      if (entry.folded && all.at(-1)?.folded === true) all.pop();
      all.push(entry);
    }
    this.timeline = all.slice(-KEPT_ENTRIES);
  }
}

function changeKey({ topic, partition, leader, leaderEpoch, isr, elr }: ReplicasPartition): string {
  return [topic, partition, leader, leaderEpoch, isr.join(), elr.join()].join(' ');
}

/** What can be done to a broker in its state, in the order of the buttons. */
export function actionsFor(broker: ReplicasBroker | undefined): ReadonlySet<BrokerAction> {
  if (broker === undefined) return new Set();
  switch (broker.state) {
    case 'running':
      return new Set<BrokerAction>(['stop', 'kill', 'freeze', broker.fault === null ? 'isolate' : 'heal']);
    case 'frozen':
      return new Set<BrokerAction>(['stop', 'kill', 'heal']);
    case 'starting':
    case 'stopping':
      return new Set<BrokerAction>(['kill']);
    case 'stopped':
    case 'killed':
    case 'failed':
      return new Set<BrokerAction>(['start']);
  }
}

/** Under a broker's name: what is out of the ordinary, or nothing. */
export function describeBroker({ state, fenced, fault, error }: ReplicasBroker): string {
  if (state !== 'running') return error === null ? state : `${state}: ${error}`;
  if (fault !== null) return fault;
  return fenced ? 'fenced' : '';
}

/** How bad that is: what passes by itself or can be healed is no trouble. */
export function toneOf({ state }: ReplicasBroker): 'trouble' | 'caution' {
  return state === 'stopped' || state === 'killed' || state === 'failed' ? 'trouble' : 'caution';
}

/** The hover of a broker's head: who it is, and all that has no room under its name. */
export function describeHead(broker: ReplicasBroker): string {
  const condition = describeBroker(broker);
  return [
    broker.rack === null ? `Broker ${broker.id}` : `Broker ${broker.id}, rack ${broker.rack}`,
    ...(broker.isController ? ['The active controller'] : []),
    ...(condition === '' ? [] : [condition]),
    ...(broker.fenced && condition !== 'fenced' ? ['fenced'] : []),
  ].join('\n');
}

export function describeTopic({ partitionCount }: ReplicasSummary, brokers: number): string {
  return `${partitionCount} ${partitionCount === 1 ? 'partition' : 'partitions'} · ${brokers} ${brokers === 1 ? 'broker' : 'brokers'}`;
}

/** `12:04:07.123`, local time. */
export function clockTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}
