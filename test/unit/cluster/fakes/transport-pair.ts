import type { Transport } from '../../../../extension/cluster/transport.ts';

interface Receiver {
  onMessage(message: unknown): void;
  onClose(): void;
}

/** Two ends of one channel in memory; what is sent arrives in a microtask. Closing one end closes both. */
export function transportPair(): [Transport, Transport] {
  const receivers: (Receiver | undefined)[] = [undefined, undefined];
  let open = true;
  const end = (own: 0 | 1): Transport => ({
    send(message) {
      // As a thread's port does with what it can't copy.
      const copy: unknown = structuredClone(message);
      if (open) queueMicrotask(() => receivers[1 - own]?.onMessage(copy));
    },
    receive: (onMessage, onClose) => (receivers[own] = { onMessage, onClose }),
    close() {
      if (!open) return;
      open = false;
      for (const receiver of receivers) queueMicrotask(() => receiver?.onClose());
    },
  });
  return [end(0), end(1)];
}
