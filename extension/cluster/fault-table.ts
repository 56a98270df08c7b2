import type { Fault } from '../shared/cluster-protocol.ts';

/** What becomes of what one node sends to another. */
export interface LinkState {
  readonly lost: boolean;
  readonly delayMs: number;
}

/** The faults in force, as one node's thread knows them. */
export class FaultTable {
  readonly #listeners = new Set<() => void>();
  #faults: readonly Fault[] = [];

  set(faults: readonly Fault[]): void {
    this.#faults = faults;
    for (const listener of [...this.#listeners]) listener();
  }

  link(from: number, to: number): LinkState {
    if (this.#faults.length === 0 || from === to) return sound;
    return { lost: isLost(this.#faults, from, to), delayMs: delayOf(this.#faults, from, to) };
  }

  /** Whether clients reach the node. */
  isCutOffFromClients(node: number): boolean {
    return this.#faults.some((fault) => fault.kind === 'isolate' && fault.clients && fault.broker === node);
  }

  /** Calls `listener` after every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

const sound: LinkState = { lost: false, delayMs: 0 };

function isLost(faults: readonly Fault[], from: number, to: number): boolean {
  return faults.some(
    (fault) =>
      (fault.kind === 'isolate' && (fault.broker === from || fault.broker === to)) ||
      (fault.kind === 'drop' && fault.from === from && fault.to === to),
  );
}

/** The longest of those that apply. */
function delayOf(faults: readonly Fault[], from: number, to: number): number {
  let delayMs = 0;
  for (const fault of faults) {
    if (fault.kind !== 'slow') continue;
    if ((fault.from ?? from) === from && (fault.to ?? to) === to) delayMs = Math.max(delayMs, fault.delayMs);
  }
  return delayMs;
}

/** The faults with one more; one of its kind on the same nodes gives way. A delay of 0 takes it away. */
export function withFault(faults: readonly Fault[], fault: Fault): Fault[] {
  const others = faults.filter((each) => !isSamePlace(each, fault));
  return fault.kind === 'slow' && fault.delayMs === 0 ? others : [...others, fault];
}

function isSamePlace(a: Fault, b: Fault): boolean {
  if (a.kind === 'isolate') return b.kind === 'isolate' && a.broker === b.broker;
  if (b.kind === 'isolate') return false;
  return a.kind === b.kind && a.from === b.from && a.to === b.to;
}

/** Whether a fault names the node; one for any node names none. */
export function concerns(fault: Fault, node: number): boolean {
  return fault.kind === 'isolate' ? fault.broker === node : fault.from === node || fault.to === node;
}
