import type { ClusterErrorCode } from '../shared/cluster-protocol.ts';
import { ClusterError, codeOf, isClusterErrorCode, messageOf } from './cluster-error.ts';
import type { Transport } from './transport.ts';

/** A request: `op` says what, `id` comes back in the reply. The other fields are its arguments. */
export interface Command {
  readonly id: number;
  readonly op: string;
}

export type ArgumentsOf<C extends Command, O extends C['op']> = Omit<Extract<C, { op: O }>, 'id' | 'op'>;

/** For each op of `C` what its reply carries. */
export type ResultsOf<C extends Command> = { readonly [O in C['op']]: object };

export type Handlers<C extends Command, R extends ResultsOf<C>> = {
  readonly [O in C['op']]: (command: Extract<C, { op: O }>) => R[O] | Promise<R[O]>;
};

/** The reply to a message from which no id could be read. */
export const NO_ID = -1;

type Reply =
  | { readonly reply: number; readonly ok: true }
  | { readonly reply: number; readonly ok: false; readonly error: string; readonly code?: ClusterErrorCode };

interface Waiting {
  resolve(result: object): void;
  reject(error: ClusterError): void;
}

/** The asking side: matches replies with requests and passes everything else on as events. */
export class CommandClient<C extends Command, R extends ResultsOf<C>> {
  readonly #transport: Transport;
  readonly #waiting = new Map<number, Waiting>();
  readonly #closed: { error: ClusterError | undefined } = { error: undefined };
  #nextId = 1;

  /** `onClose` is called after all requests under way have been rejected. */
  constructor(transport: Transport, onEvent: (event: object) => void, onClose: () => void = () => {}) {
    this.#transport = transport;
    transport.receive(
      (message) => this.#onMessage(message, onEvent),
      () => {
        this.#rejectAll(new ClusterError('INTERNAL', 'The connection closed before the reply came'));
        onClose();
      },
    );
  }

  /** Rejects with a {@link ClusterError}: the peer's, or ours when the channel closes or `timeoutMs` pass. */
  request<O extends C['op']>(op: O, args: ArgumentsOf<C, O>, timeoutMs?: number): Promise<R[O]> {
    if (this.#closed.error !== undefined) return Promise.reject(this.#closed.error);
    const id = this.#nextId++;
    return new Promise<object>((resolve, reject) => {
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              this.#waiting.delete(id);
              reject(new ClusterError('INTERNAL', `No answer to '${op}' within ${timeoutMs} ms`));
            }, timeoutMs);
      const settle = <T>(fn: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          fn(value);
        };
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#transport.send({ ...args, id, op });
    }) as Promise<R[O]>;
  }

  /** Rejects what waits and everything asked later. */
  fail(error: ClusterError): void {
    this.#rejectAll(error);
  }

  close(): void {
    this.#transport.close();
  }

  #onMessage(message: unknown, onEvent: (event: object) => void): void {
    if (typeof message !== 'object' || message === null) return;
    if (!('reply' in message)) {
      onEvent(message);
      return;
    }
    const reply = message as Reply;
    const waiting = this.#waiting.get(reply.reply);
    if (waiting === undefined) return;
    if (!reply.ok) {
      waiting.reject(new ClusterError(isClusterErrorCode(reply.code) ? reply.code : 'INTERNAL', reply.error));
      return;
    }
    const { reply: _id, ok: _ok, ...result } = reply;
    waiting.resolve(result);
  }

  #rejectAll(error: ClusterError): void {
    this.#closed.error ??= error;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }
}

export interface CommandsUnderWay {
  /** Resolves when every command that has come so far is answered. */
  answered(): Promise<void>;
}

/** Commands under way at once on one channel; more are refused. */
const maxUnderWay = 1000;

/**
 * The answering side. Every message gets exactly one reply, whatever is wrong with it. `parse` turns what came into a
 * command or throws; commands run side by side, so replies may overtake each other.
 */
export function serveCommands<C extends Command, R extends ResultsOf<C>>(
  transport: Transport,
  parse: (message: unknown) => C,
  handlers: Handlers<C, R>,
  onClose: () => void = () => {},
): CommandsUnderWay {
  const underWay = new Set<Promise<void>>();
  const answer = async (message: unknown): Promise<Reply> => {
    const reply = idOf(message);
    try {
      if (underWay.size >= maxUnderWay) throw new ClusterError('WRONG_STATE', `${maxUnderWay} commands are under way`);
      const command = parse(message);
      const handler = handlers[command.op as C['op']] as (command: C) => object | Promise<object>;
      return { reply, ok: true, ...(await handler(command)) };
    } catch (error) {
      return { reply, ok: false, error: messageOf(error), code: codeOf(error) };
    }
  };
  const answerAndSend = async (message: unknown): Promise<void> => {
    const reply = await answer(message);
    try {
      transport.send(reply);
    } catch (error) {
      transport.send({ reply: reply.reply, ok: false, error: messageOf(error), code: 'INTERNAL' } satisfies Reply);
    }
  };
  transport.receive((message) => {
    const answering = answerAndSend(message).finally(() => underWay.delete(answering));
    underWay.add(answering);
  }, onClose);
  return {
    answered: async () => void (await Promise.all(underWay)),
  };
}

function idOf(message: unknown): number {
  const id = typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined;
  return typeof id === 'number' && Number.isFinite(id) ? id : NO_ID;
}
