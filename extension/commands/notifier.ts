/** A button under a notification. */
export interface NoticeAction {
  readonly title: string;
  readonly run: () => unknown;
}

/** Shows a message with buttons; resolves with the title of the one pressed, undefined when it was dismissed. */
export type ShowNotice = (message: string, titles: readonly string[]) => PromiseLike<string | undefined>;

/**
 * Notifications one at a time: while one can be seen, of those that come only the last is kept, and is shown when the
 * first is gone. Everything is in the log anyway.
 */
export class Notifier {
  readonly #show: ShowNotice;
  #isOpen = false;
  #current: string | undefined;
  #next: { readonly message: string; readonly actions: readonly NoticeAction[] } | undefined;

  constructor(show: ShowNotice) {
    this.#show = show;
  }

  error(message: string, actions: readonly NoticeAction[]): void {
    if (!this.#isOpen) void this.#open(message, actions);
    else if (message !== this.#current) this.#next = { message, actions };
  }

  async #open(message: string, actions: readonly NoticeAction[]): Promise<void> {
    this.#isOpen = true;
    this.#current = message;
    const pressed = await this.#pressed(message, actions);
    this.#isOpen = false;
    const next = this.#next;
    this.#next = undefined;
    // Whoever acts on an error has moved on from those that came with it.
    if (pressed !== undefined) pressed.run();
    else if (next !== undefined) this.error(next.message, next.actions);
  }

  async #pressed(message: string, actions: readonly NoticeAction[]): Promise<NoticeAction | undefined> {
    try {
      const titles = actions.map((action) => action.title);
      const title = await this.#show(message, titles);
      return actions.find((action) => action.title === title);
    } catch {
      return undefined;
    }
  }
}
