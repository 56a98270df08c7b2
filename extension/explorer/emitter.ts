/** Undoes a subscription. The same shape as VS Code's, so either can stand where the other is asked for. */
export interface Disposable {
  dispose(): void;
}

/** Subscribes a listener until the result is disposed. Assignable to `vscode.Event<T>` and back for plain listeners. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/** A list of listeners. One that throws does not keep the others from hearing. */
export class Emitter<T> {
  readonly #listeners = new Set<{ readonly call: (value: T) => void }>();

  readonly event: Event<T> = (listener) => {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return { dispose: () => void this.#listeners.delete(entry) };
  };

  fire(value: T): void {
    for (const entry of [...this.#listeners]) {
      try {
        entry.call(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
