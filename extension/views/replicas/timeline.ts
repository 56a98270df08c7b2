import type { ClusterEvent } from '../../shared/cluster-protocol.ts';
import type { TimelineEntry } from '../../shared/replicas-contract.ts';

/** Entries that are kept; older ones are forgotten. */
export const MAX_ENTRIES = 500;
/** Of one kind within so much time, after which the rest are counted. */
const BURST_MS = 500;
const BURST_SHOWN = 12;

type Content = Omit<TimelineEntry, 'id' | 'folded' | 'atMs'>;

/** Events as sentences, oldest first: of one topic and of what concerns all, or of the whole cluster. */
export class Timeline {
  readonly #topic: string | null;
  readonly #isrs = new Map<string, readonly number[]>();
  readonly #stopping = new Set<number>();
  #entries: TimelineEntry[] = [];
  #lastSeq = 0;
  #lastId = 0;
  #burst = { kind: '', startMs: 0, count: 0 };

  constructor(topic: string | null) {
    this.#topic = topic;
  }

  get entries(): readonly TimelineEntry[] {
    return this.#entries;
  }

  /** Of the latest event that was taken; 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Another run of the cluster: its events are numbered from the beginning. */
  newRun(): void {
    this.#lastSeq = 0;
  }

  /** Takes an event unless it is known already. Answers whether there is something new to show. */
  add(event: ClusterEvent): boolean {
    const { seq = 0, atMs = 0 } = event;
    if (seq <= this.#lastSeq) return false;
    this.#lastSeq = seq;
    const content = this.#describe(event);
    if (content === undefined) return false;
    if (content.topic !== null && this.#topic !== null && content.topic !== this.#topic) return false;
    this.#push({ id: ++this.#lastId, folded: false, atMs, ...content }, event.event);
    return true;
  }

  /** Hundreds of partitions change at once when a broker dies: some tell the story, the others are counted. */
  #push(entry: TimelineEntry, kind: ClusterEvent['event']): void {
    const isSameBurst = this.#burst.kind === kind && entry.atMs - this.#burst.startMs <= BURST_MS;
    this.#burst = isSameBurst
      ? { ...this.#burst, count: this.#burst.count + 1 }
      : { kind, startMs: entry.atMs, count: 1 };
    const more = this.#burst.count - BURST_SHOWN;
    if (more > 0 && entry.partition !== null) {
      const what = kind === 'leader' ? 'leaders' : kind === 'isr' ? 'ISRs' : 'replicas';
      const text = `The same for ${more} more ${what}.`;
      const counted = { ...entry, folded: true, text, detail: '', topic: null, partition: null };
      this.#entries = more === 1 ? [...this.#entries, counted] : [...this.#entries.slice(0, -1), counted];
    } else this.#entries = [...this.#entries, entry];
    if (this.#entries.length > MAX_ENTRIES) this.#entries = this.#entries.slice(-MAX_ENTRIES);
  }

  #describe(event: ClusterEvent): Content | undefined {
    switch (event.event) {
      case 'broker-state':
        if (event.state === 'stopping') this.#stopping.add(event.broker);
        else this.#stopping.delete(event.broker);
        return ofBroker(event);
      case 'registration':
        return {
          ...NOTHING,
          broker: event.broker,
          tone: this.#registrationTone(event),
          text: sentence(event.reason),
          detail: event.state,
        };
      case 'controller':
        return event.controller < 0
          ? { ...NOTHING, tone: 'trouble', text: 'There is no controller.' }
          : {
              ...NOTHING,
              broker: event.controller,
              text: `Node ${event.controller} is the controller.`,
              detail: `epoch ${event.epoch}`,
            };
      case 'quorum':
        return { ...NOTHING, tone: event.hasMajority ? 'plain' : 'trouble', text: sentence(event.reason) };
      case 'leader':
        return this.#ofLeader(event);
      case 'isr':
        return this.#ofIsr(event);
      case 'truncated':
        return {
          ...NOTHING,
          ...partitionOf(event),
          broker: event.broker,
          tone: event.records > 0 ? 'trouble' : 'plain',
          text:
            `${nameOf(event)}: broker ${event.broker} follows and cuts its log to what the leader has; ` +
            (event.records === 1 ? '1 record is lost.' : `${event.records} records are lost.`),
          detail: `${event.from} → ${event.to}`,
        };
      case 'uncleanable':
        return {
          ...NOTHING,
          ...partitionOf(event),
          broker: event.broker,
          tone: 'caution',
          text: `${nameOf(event)}: broker ${event.broker} can't compact it and leaves it alone. ${sentence(event.reason)}`,
          detail: 'uncleanable',
        };
      case 'fault':
        return {
          ...NOTHING,
          broker: event.broker < 0 ? null : event.broker,
          tone: event.faults.length > 0 ? 'caution' : 'good',
          text: sentence(event.reason),
        };
      case 'progress':
        return {
          ...NOTHING,
          broker: event.broker,
          text: sentence(event.message),
          detail: `${event.done} of ${event.total}`,
        };
      case 'ready':
        return { ...NOTHING, tone: 'good', text: 'The cluster is up.', detail: `${event.startupMs} ms` };
      case 'bootstrap':
      case 'failed':
      case 'log':
        return undefined;
    }
  }

  /** One that stops in order is fenced on purpose. */
  #registrationTone({ broker, state }: Extract<ClusterEvent, { event: 'registration' }>): TimelineEntry['tone'] {
    if (state === 'unfenced') return 'good';
    return state === 'fenced' && !this.#stopping.has(broker) ? 'trouble' : 'plain';
  }

  #ofLeader(event: Extract<ClusterEvent, { event: 'leader' }>): Content {
    const { leader, epoch, isr, unclean, reason } = event;
    if (isr !== undefined) this.#isrs.set(nameOf(event), isr);
    const what = leader < 0 ? 'no leader' : unclean === true ? `${leader} leads, elected uncleanly` : `${leader} leads`;
    return {
      ...NOTHING,
      ...partitionOf(event),
      broker: leader < 0 ? null : leader,
      tone: leader < 0 || unclean === true ? 'trouble' : 'plain',
      // The epoch stands at the end of the line.
      text: `${nameOf(event)}: ${what}. ${sentence(reason.replace(/; epoch \d+$/, ''))}`,
      detail: `epoch ${epoch}`,
    };
  }

  #ofIsr(event: Extract<ClusterEvent, { event: 'isr' }>): Content {
    const before = this.#isrs.get(nameOf(event));
    this.#isrs.set(nameOf(event), event.isr);
    const shrinks = before !== undefined && event.isr.length < before.length;
    // The assignment changed, or the ELR: the ISR is told along with it.
    if (before !== undefined && list(before) === list(event.isr)) {
      return {
        ...NOTHING,
        ...partitionOf(event),
        text: `${nameOf(event)}: ${sentence(event.reason)}`,
        detail: list(event.isr),
      };
    }
    return {
      ...NOTHING,
      ...partitionOf(event),
      tone: shrinks ? 'caution' : before === undefined ? 'plain' : 'good',
      text: `${nameOf(event)}: ISR ${shrinks ? 'shrinks' : 'changes'}. ${sentence(event.reason)}`,
      detail: before === undefined ? list(event.isr) : `${list(before)} → ${list(event.isr)}`,
    };
  }
}

const NOTHING: Content = { tone: 'plain', text: '', detail: '', broker: null, topic: null, partition: null };

const STATES: Readonly<Record<string, { readonly text: string; readonly tone: TimelineEntry['tone'] }>> = {
  starting: { text: 'starts', tone: 'plain' },
  running: { text: 'runs', tone: 'good' },
  stopping: { text: 'stops: others take over what it leads', tone: 'plain' },
  stopped: { text: 'has stopped', tone: 'caution' },
  killed: { text: 'was killed', tone: 'trouble' },
  frozen: { text: 'is frozen: it holds its connections and says nothing', tone: 'caution' },
  failed: { text: 'failed', tone: 'trouble' },
};

function ofBroker({ broker, state, error }: Extract<ClusterEvent, { event: 'broker-state' }>): Content {
  const { text, tone } = STATES[state] ?? { text: state, tone: 'plain' };
  return { ...NOTHING, broker, tone, text: `Broker ${broker} ${text}${error === undefined ? '' : `: ${error}`}.` };
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}-${partition}`;
}

function partitionOf({ topic, partition }: { topic: string; partition: number }) {
  return { topic, partition };
}

function list(ids: readonly number[]): string {
  return `[${ids.join(',')}]`;
}

/** Ends with a full stop and begins with a capital letter. */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const first = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
