import type { ListenerFactory, ServerListener } from '../engine/server/server-listener.ts';
import type { FaultTable } from './fault-table.ts';

/** A listener whose connections can fall silent: nothing is read from them, nothing leaves, none is closed. */
export interface HoldableListener extends ServerListener {
  hold(): void;
  release(): void;
}

/** Makes listeners that are held while their node is cut off from clients. */
export function faultListeners(
  make: (...args: Parameters<ListenerFactory>) => HoldableListener,
  self: number,
  faults: FaultTable,
): ListenerFactory {
  return (options) => {
    const listener = make(options);
    let isHeld = false;
    const follow = (): void => {
      const hold = faults.isCutOffFromClients(self);
      if (hold === isHeld) return;
      isHeld = hold;
      if (hold) listener.hold();
      else listener.release();
    };
    faults.onChange(follow);
    follow();
    return listener;
  };
}
