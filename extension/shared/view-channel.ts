/**
 * The one channel between the extension host and every webview. A view sends requests, each answered exactly once, errors
 * included; the host sends events, which nobody answers. What is asked and told is a {@link ViewContract} per view.
 * Bytes travel as plain `Uint8Array`s that own their buffer: VS Code transfers the whole buffer below a view of it.
 */
export interface ViewContract {
  readonly requests: Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;
  readonly events: Readonly<Record<string, unknown>>;
}

export type Operation<C extends ViewContract> = keyof C['requests'] & string;
export type Params<C extends ViewContract, K extends Operation<C>> = C['requests'][K]['params'];
export type Result<C extends ViewContract, K extends Operation<C>> = C['requests'][K]['result'];
export type EventName<C extends ViewContract> = keyof C['events'] & string;

/** An error as it crosses the channel. `message` is for people. */
export interface ViewError {
  readonly message: string;
  readonly code?: string;
}

export interface ViewRequest {
  readonly kind: 'request';
  readonly id: number;
  readonly op: string;
  readonly params: unknown;
}

export type ViewReply =
  | { readonly kind: 'reply'; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly ok: false; readonly error: ViewError };

/** One member per event of the contract, so that a switch over `event` narrows `data`. */
export type ViewEvent<C extends ViewContract> = {
  readonly [K in EventName<C>]: { readonly kind: 'event'; readonly event: K; readonly data: C['events'][K] };
}[EventName<C>];

/** All that the host sends. */
export type HostMessage<C extends ViewContract> = ViewReply | ViewEvent<C>;

export type Handlers<C extends ViewContract> = {
  readonly [K in Operation<C>]: (params: Params<C, K>) => Result<C, K> | Promise<Result<C, K>>;
};

/**
 * The host's side: answers one message. Never rejects: whatever a handler throws becomes the reply's error. Gives
 * undefined for what is no request.
 */
export async function answer<C extends ViewContract>(
  handlers: Handlers<C>,
  message: unknown,
): Promise<ViewReply | undefined> {
  if (!isRequest(message)) return undefined;
  const { id, op } = message;
  if (!Object.hasOwn(handlers, op)) {
    return { kind: 'reply', id, ok: false, error: { message: `The view asked for '${op}', which is not offered.` } };
  }
  try {
    const result = await handlers[op as Operation<C>](message.params as Params<C, Operation<C>>);
    return { kind: 'reply', id, ok: true, result };
  } catch (error) {
    return { kind: 'reply', id, ok: false, error: toViewError(error) };
  }
}

export function toViewError(error: unknown): ViewError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code === undefined ? { message } : { message, code };
}

function isRequest(message: unknown): message is ViewRequest {
  if (typeof message !== 'object' || message === null) return false;
  const { kind, id, op } = message as Partial<ViewRequest>;
  return kind === 'request' && typeof id === 'number' && typeof op === 'string';
}

/** A reply that was an error. */
export class ViewRequestError extends Error {
  readonly code: string | undefined;

  constructor({ message, code }: ViewError) {
    super(message);
    this.name = 'ViewRequestError';
    this.code = code;
  }
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The view's side: sends requests, matches replies, hands events on. */
export class ViewClient<C extends ViewContract> {
  readonly #post: (message: ViewRequest) => void;
  readonly #onEvent: (event: ViewEvent<C>) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(post: (message: ViewRequest) => void, onEvent: (event: ViewEvent<C>) => void) {
    this.#post = post;
    this.#onEvent = onEvent;
  }

  /** @throws ViewRequestError (as a rejection) when the host answers with an error */
  request<K extends Operation<C>>(op: K, params: Params<C, K>): Promise<Result<C, K>> {
    const id = ++this.#lastId;
    return new Promise<Result<C, K>>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#post({ kind: 'request', id, op, params });
    });
  }

  /** Takes what the host sent; anything else is ignored. */
  receive(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    const incoming = message as Partial<HostMessage<C>>;
    if (incoming.kind === 'event') this.#onEvent(incoming as ViewEvent<C>);
    else if (incoming.kind === 'reply') this.#settle(incoming as ViewReply);
  }

  #settle(reply: ViewReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting.resolve(reply.result);
    else waiting.reject(new ViewRequestError(reply.error));
  }
}
