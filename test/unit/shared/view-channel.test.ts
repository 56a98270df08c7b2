import { expect, test } from 'vitest';
import { ViewClient, ViewRequestError, answer } from '../../../extension/shared/view-channel.ts';
import type { Handlers, ViewEvent, ViewRequest } from '../../../extension/shared/view-channel.ts';

type Contract = {
  readonly requests: {
    readonly double: { readonly params: number; readonly result: number };
    readonly fail: { readonly params: null; readonly result: null };
  };
  readonly events: { readonly tick: { readonly at: number } };
};

class CodedError extends Error {
  readonly code = 'NO_SUCH_TOPIC';
}

const handlers: Handlers<Contract> = {
  double: (value) => Promise.resolve(value * 2),
  fail: () => {
    throw new CodedError('There is no such topic.');
  },
};

/** A client and a host joined by a wire that carries what JSON can. */
function joined(onEvent: (event: ViewEvent<Contract>) => void = () => undefined): ViewClient<Contract> {
  const client = new ViewClient<Contract>((message: ViewRequest) => {
    void answer(handlers, JSON.parse(JSON.stringify(message))).then((reply) => client.receive(reply));
  }, onEvent);
  return client;
}

test('requests get their own replies, in whatever order', async () => {
  const client = joined();
  await expect(Promise.all([client.request('double', 2), client.request('double', 21)])).resolves.toEqual([4, 42]);
});

test('an error crosses the channel with its message and code', async () => {
  const error = await joined()
    .request('fail', null)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ViewRequestError);
  expect(error).toMatchObject({ message: 'There is no such topic.', code: 'NO_SUCH_TOPIC' });
});

test('an operation that is not offered is refused, also when it is a name of Object', async () => {
  for (const op of ['toString', 'constructor', 'other']) {
    const reply = await answer(handlers, { kind: 'request', id: 7, op, params: null });
    expect(reply).toMatchObject({ id: 7, ok: false });
  }
});

test.each([undefined, null, 1, 'x', {}, { kind: 'request' }, { kind: 'event', event: 'tick', data: {} }])(
  '%j is no request and gets no answer',
  async (message) => {
    await expect(answer(handlers, message)).resolves.toBeUndefined();
  },
);

test('events reach the listener; replies that nobody waits for and noise are ignored', () => {
  const seen: ViewEvent<Contract>[] = [];
  const client = joined((event) => seen.push(event));
  client.receive({ kind: 'event', event: 'tick', data: { at: 3 } });
  client.receive({ kind: 'reply', id: 99, ok: true, result: 1 });
  client.receive('noise');
  expect(seen).toEqual([{ kind: 'event', event: 'tick', data: { at: 3 } }]);
});
