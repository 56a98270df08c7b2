import { ViewClient } from '../../extension/shared/view-channel.ts';
import type { ViewContract, ViewEvent } from '../../extension/shared/view-channel.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The extension host, as a view sees it. There is one per page. */
export class Host<C extends ViewContract, State extends object> extends ViewClient<C> {
  readonly #api: VsCodeApi;

  constructor(onEvent: (event: ViewEvent<C>) => void) {
    const api = acquireVsCodeApi();
    super((message) => api.postMessage(message), onEvent);
    this.#api = api;
    // Kept at once, so that a reload of the window finds it even when nobody touched the view.
    if (api.getState() === undefined) api.setState(initialState());
    window.addEventListener('message', (event) => this.receive(event.data));
  }

  /** What was kept over a reload. The host puts the first state into the page when it makes the view. */
  get state(): Partial<State> {
    const kept = this.#api.getState();
    if (typeof kept === 'object' && kept !== null) return kept as Partial<State>;
    return initialState() as Partial<State>;
  }

  keep(change: Partial<State>): void {
    this.#api.setState({ ...this.state, ...change });
  }
}

function initialState(): object {
  const text = document.querySelector<HTMLMetaElement>('meta[name="samsa-state"]')?.content;
  const state: unknown = text === undefined ? {} : JSON.parse(text);
  return typeof state === 'object' && state !== null ? state : {};
}
