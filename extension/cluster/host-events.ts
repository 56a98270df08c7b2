import type { ClusterEvent } from '../shared/cluster-protocol.ts';
import type { ClusterEnd, Subscription } from './cluster-host.ts';

/** The listeners of a cluster host. */
export class HostEvents {
  readonly #onEvent = new Set<(event: ClusterEvent) => void>();
  readonly #onEnd = new Set<(end: ClusterEnd) => void>();
  #end: ClusterEnd | undefined;

  onEvent(listener: (event: ClusterEvent) => void): Subscription {
    this.#onEvent.add(listener);
    return { dispose: () => void this.#onEvent.delete(listener) };
  }

  onEnd(listener: (end: ClusterEnd) => void): Subscription {
    if (this.#end !== undefined) {
      listener(this.#end);
      return { dispose() {} };
    }
    this.#onEnd.add(listener);
    return { dispose: () => void this.#onEnd.delete(listener) };
  }

  emit(event: ClusterEvent): void {
    for (const listener of [...this.#onEvent]) listener(event);
  }

  /** The first end counts. */
  end(end: ClusterEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const listener of [...this.#onEnd]) listener(end);
    this.#onEnd.clear();
  }
}
