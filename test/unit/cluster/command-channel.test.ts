import { describe, expect, test } from 'vitest';
import { ClusterError } from '../../../extension/cluster/cluster-error.ts';
import { CommandClient, NO_ID, serveCommands } from '../../../extension/cluster/command-channel.ts';
import { transportPair } from './fakes/transport-pair.ts';

type TestCommand =
  | { readonly id: number; readonly op: 'add'; readonly a: number; readonly b: number }
  | { readonly id: number; readonly op: 'fail' }
  | { readonly id: number; readonly op: 'crash' }
  | { readonly id: number; readonly op: 'hang' }
  | { readonly id: number; readonly op: 'unsendable' };

interface TestResults {
  readonly add: { readonly sum: number };
  readonly fail: Record<never, never>;
  readonly crash: Record<never, never>;
  readonly hang: Record<never, never>;
  readonly unsendable: { readonly fn: () => void };
}

function channel() {
  const [near, far] = transportPair();
  const events: object[] = [];
  let closed = false;
  const served = serveCommands<TestCommand, TestResults>(far, (message) => message as TestCommand, {
    add: ({ a, b }) => ({ sum: a + b }),
    fail: () => Promise.reject(new ClusterError('UNKNOWN_BROKER', 'There is no broker 9')),
    crash: () => {
      throw new TypeError('x is\n  undefined');
    },
    hang: () => new Promise(() => {}),
    unsendable: () => ({ fn: () => {} }),
  });
  const client = new CommandClient<TestCommand, TestResults>(
    near,
    (event) => events.push(event),
    () => (closed = true),
  );
  return { client, near, far, served, events, isClosed: () => closed };
}

describe('command channel', () => {
  test('gives each request its own reply, whatever the order', async () => {
    const { client } = channel();
    const late = client.request('hang', {}, 20);
    await expect(
      Promise.all([client.request('add', { a: 1, b: 2 }), client.request('add', { a: 3, b: 4 })]),
    ).resolves.toEqual([{ sum: 3 }, { sum: 7 }]);
    await expect(late).rejects.toThrow("No answer to 'hang' within 20 ms");
  });

  test('carries an error with its code', async () => {
    const { client } = channel();
    await expect(client.request('fail', {})).rejects.toMatchObject({
      code: 'UNKNOWN_BROKER',
      message: 'There is no broker 9',
    });
  });

  test('answers an exception as one line, and serves on', async () => {
    const { client } = channel();
    await expect(client.request('crash', {})).rejects.toMatchObject({ code: 'INTERNAL', message: 'x is undefined' });
    await expect(client.request('add', { a: 1, b: 1 })).resolves.toEqual({ sum: 2 });
  });

  test('answers also when the result cannot be sent', async () => {
    const { client } = channel();
    await expect(client.request('unsendable', {})).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('passes events on', async () => {
    const { client, far, events } = channel();
    far.send({ event: 'controller', controller: 1, epoch: 1 });
    await client.request('add', { a: 0, b: 0 });
    expect(events).toEqual([{ event: 'controller', controller: 1, epoch: 1 }]);
  });

  test('rejects what waits when the channel closes, and everything after', async () => {
    const { client, far, isClosed } = channel();
    const waiting = client.request('hang', {});
    far.close();
    await expect(waiting).rejects.toThrow('closed before the reply came');
    expect(isClosed()).toBe(true);
    await expect(client.request('add', { a: 1, b: 1 })).rejects.toThrow('closed');
  });

  test('rejects with the cause of the end where that is known', async () => {
    const { client, far } = channel();
    const waiting = client.request('hang', {});
    client.fail(new ClusterError('INTERNAL', 'The thread ran out of memory'));
    await expect(waiting).rejects.toThrow('out of memory');
    far.close();
    await expect(client.request('hang', {})).rejects.toThrow('out of memory');
  });

  test('refuses a flood of commands that never end', async () => {
    const { client } = channel();
    for (let index = 0; index < 1000; index++) client.request('hang', {}).catch(() => {});
    await expect(client.request('add', { a: 1, b: 1 })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  test('replies with the id of none to what has no id', async () => {
    const [near, far] = transportPair();
    const replies: unknown[] = [];
    near.receive(
      (message) => replies.push(message),
      () => {},
    );
    const served = serveCommands<TestCommand, TestResults>(
      far,
      () => {
        throw new ClusterError('BAD_ARGUMENT', 'What is that');
      },
      {} as never,
    );
    for (const message of [{ op: 'add' }, { id: 'one' }, { id: 4 }]) near.send(message);
    await new Promise((resolve) => setImmediate(resolve));
    await served.answered();
    expect(replies).toEqual(
      [NO_ID, NO_ID, 4].map((reply) => ({ reply, ok: false, error: 'What is that', code: 'BAD_ARGUMENT' })),
    );
  });
});
