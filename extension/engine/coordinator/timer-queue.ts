import type { Clock, Timer } from '../common/clock.ts';

/** Cancelled timers may stay in the heap up to this many before it is rebuilt. */
const MAX_CANCELLED = 256;

/**
 * Any number of timers on one timer of the clock. Nothing is scheduled while there are none. Moving a timer to a later
 * time, which is what each heartbeat does, costs nothing: it is looked at again when its old time comes.
 */
export class TimerQueue {
  readonly #clock: Clock;
  /** Binary heap by `heapMs`, then by `order`. */
  readonly #heap: QueuedTimer[] = [];
  #order = 0;
  #cancelled = 0;
  #armed: Timer | undefined;
  #armedForMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that will still fire. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Entries held, cancelled ones included. */
  get heapSize(): number {
    return this.#heap.length;
  }

  /** Calls `fn` once, `delayMs` from now. */
  schedule(delayMs: number, fn: () => void): QueuedTimer {
    const timer = new QueuedTimer(this, this.#clock.monotonicMs() + Math.max(delayMs, 0), fn);
    this.#add(timer);
    return timer;
  }

  /** The timer that fires `delayMs` from now instead: the same one where it only moves to later. */
  move(timer: QueuedTimer, delayMs: number, fn: () => void): QueuedTimer {
    const deadlineMs = this.#clock.monotonicMs() + Math.max(delayMs, 0);
    if (timer.fn === undefined || !timer.inHeap || deadlineMs < timer.heapMs) {
      timer.cancel();
      return this.schedule(delayMs, fn);
    }
    timer.deadlineMs = deadlineMs;
    timer.fn = fn;
    return timer;
  }

  /** Called by a timer that was cancelled. */
  onCancelled(): void {
    this.#cancelled++;
    if (this.#cancelled === this.#heap.length) this.#clear();
    else if (this.#cancelled > MAX_CANCELLED && this.#cancelled * 2 > this.#heap.length) this.#rebuild();
  }

  #clear(): void {
    this.#heap.length = 0;
    this.#cancelled = 0;
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#armedForMs = Infinity;
  }

  #rebuild(): void {
    const live = this.#heap.filter((timer) => timer.fn !== undefined);
    this.#heap.length = 0;
    this.#cancelled = 0;
    for (const timer of live) this.#push(timer);
  }

  #add(timer: QueuedTimer): void {
    timer.heapMs = timer.deadlineMs;
    timer.order = this.#order++;
    this.#push(timer);
    this.#arm();
  }

  #arm(): void {
    const head = this.#heap[0];
    if (head === undefined || head.heapMs >= this.#armedForMs) return;
    this.#armed?.cancel();
    this.#armedForMs = head.heapMs;
    this.#armed = this.#clock.schedule(Math.max(head.heapMs - this.#clock.monotonicMs(), 0), () => this.#onTime());
  }

  #onTime(): void {
    this.#armed = undefined;
    this.#armedForMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    const due: QueuedTimer[] = [];
    for (let head = this.#heap[0]; head !== undefined && head.heapMs <= nowMs; head = this.#heap[0]) {
      this.#pop();
      head.inHeap = false;
      if (head.fn === undefined) this.#cancelled--;
      else if (head.deadlineMs > nowMs) this.#add(head);
      else due.push(head);
    }
    // A timer that an earlier one of this round cancelled or moved does not fire.
    for (const timer of due) timer.fire();
    this.#arm();
  }

  #push(timer: QueuedTimer): void {
    const heap = this.#heap;
    timer.inHeap = true;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: QueuedTimer, b: QueuedTimer): boolean {
  return a.heapMs < b.heapMs || (a.heapMs === b.heapMs && a.order < b.order);
}

/** One timer of a {@link TimerQueue}. */
export class QueuedTimer {
  /** When it is to fire. */
  deadlineMs: number;
  /** Where it lies in the heap: at or before `deadlineMs`. */
  heapMs: number;
  order = 0;
  inHeap = false;
  /** Undefined once it fired or was cancelled. */
  fn: (() => void) | undefined;
  readonly #queue: TimerQueue;

  constructor(queue: TimerQueue, deadlineMs: number, fn: () => void) {
    this.#queue = queue;
    this.deadlineMs = deadlineMs;
    this.heapMs = deadlineMs;
    this.fn = fn;
  }

  cancel(): void {
    if (this.fn === undefined) return;
    this.fn = undefined;
    if (this.inHeap) this.#queue.onCancelled();
  }

  fire(): void {
    const fn = this.fn;
    this.fn = undefined;
    fn?.();
  }
}
