import { beforeEach, describe, expect, test } from 'vitest';
import { FaultNetwork } from '../../../extension/cluster/fault-network.ts';
import { FaultTable } from '../../../extension/cluster/fault-table.ts';
import { NodeUnreachableError } from '../../../extension/engine/common/network.ts';
import type { NodeAddress, NodeChannel, NodeNetwork } from '../../../extension/engine/common/network.ts';
import { metadataRequest } from '../../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../../extension/protocol/generated/metadata-response.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const address: NodeAddress = { nodeId: 2, host: '127.0.0.1', port: 10_093 };

/** Answers every request at once with its number, and keeps what it was asked. */
class EchoNetwork implements NodeNetwork {
  readonly asked: { at: number; timeoutMs: number }[] = [];
  probes = 0;
  fails: NodeUnreachableError | undefined;
  broken: (() => void) | undefined;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  open(to: NodeAddress): NodeChannel {
    return {
      address: to,
      send: (_request, _response, _body, { timeoutMs }) => {
        this.asked.push({ at: this.#clock.monotonicMs(), timeoutMs });
        return this.fails === undefined ? Promise.resolve(this.asked.length as never) : Promise.reject(this.fails);
      },
      onBroken: (fn) => (this.broken = fn),
      close: () => {},
    };
  }

  probe(): Promise<'listening'> {
    this.probes++;
    return Promise.resolve('listening');
  }
}

let clock: FakeClock;
let inner: EchoNetwork;
let faults: FaultTable;
let network: FaultNetwork;
let line: NodeChannel;

beforeEach(() => {
  clock = new FakeClock();
  inner = new EchoNetwork(clock);
  faults = new FaultTable();
  network = new FaultNetwork(inner, 1, faults, clock);
  line = network.open(address, 'test');
});

function ask(timeoutMs = 1_000): Promise<unknown> {
  return line.send(metadataRequest, metadataResponse, { topics: null }, { timeoutMs });
}

/** How it ended, and when; undefined while it has not. */
function watch(promise: Promise<unknown>): { result?: unknown; atMs?: number } {
  const seen: { result?: unknown; atMs?: number } = {};
  const note = (result: unknown): void => void Object.assign(seen, { result, atMs: clock.monotonicMs() });
  promise.then(note, (error: NodeUnreachableError) => note(error.kind));
  return seen;
}

describe('FaultNetwork', () => {
  test('passes everything on where nothing is broken', async () => {
    await expect(ask()).resolves.toBe(1);
    expect(inner.asked).toEqual([{ at: 0, timeoutMs: 1_000 }]);
    await expect(network.probe(address, 100)).resolves.toBe('listening');
  });

  test('a request that is lost is silence until its time-out, and is never sent', async () => {
    faults.set([{ kind: 'drop', from: 1, to: 2 }]);
    const seen = watch(ask());
    await clock.advance(999);
    expect(seen.result).toBeUndefined();
    await clock.advance(1);
    expect(seen).toEqual({ result: 'timeout', atMs: 1_000 });
    expect(inner.asked).toEqual([]);
  });

  test('a response that is lost: the request has had its effect', async () => {
    faults.set([{ kind: 'drop', from: 2, to: 1 }]);
    const seen = watch(ask());
    await clock.advance(1_000);
    expect(seen).toEqual({ result: 'timeout', atMs: 1_000 });
    expect(inner.asked).toHaveLength(1);
  });

  test('a reset is lost too: nobody hears that the other one died', async () => {
    inner.fails = new NodeUnreachableError('broken', address, 'reset');
    faults.set([{ kind: 'isolate', broker: 2, clients: false }]);
    let broke = 0;
    line.onBroken(() => broke++);
    inner.broken?.();
    const seen = watch(ask());
    await clock.advance(1_000);
    expect(seen.result).toBe('timeout');
    expect(broke).toBe(0);
    faults.set([]);
    expect(broke).toBe(1);
  });

  test('a fault that comes while a response is under way holds for it', async () => {
    const asked = ask();
    faults.set([{ kind: 'isolate', broker: 1, clients: false }]);
    const seen = watch(asked);
    await clock.advance(1_000);
    expect(seen.result).toBe('timeout');
  });

  test('healing ends the silence, so that whoever waits asks again', async () => {
    faults.set([{ kind: 'isolate', broker: 2, clients: false }]);
    const seen = watch(ask());
    await clock.advance(100);
    faults.set([]);
    await settle();
    expect(seen).toEqual({ result: 'timeout', atMs: 100 });
    await expect(ask()).resolves.toBe(1);
  });

  test('slow links delay each direction, within the time-out', async () => {
    faults.set([
      { kind: 'slow', from: 1, to: 2, delayMs: 100 },
      { kind: 'slow', from: 2, to: 1, delayMs: 50 },
    ]);
    const seen = watch(ask());
    await clock.advance(200);
    expect(seen).toEqual({ result: 1, atMs: 150 });
    expect(inner.asked).toEqual([{ at: 100, timeoutMs: 900 }]);
    const late = watch(ask(120));
    await clock.advance(120);
    expect(late.result).toBe('timeout');
  });

  test('nothing overtakes what was sent before the delay became shorter', async () => {
    faults.set([{ kind: 'slow', delayMs: 100 }]);
    const first = watch(ask());
    await clock.advance(10);
    faults.set([]);
    const second = watch(ask());
    await clock.advance(89);
    expect(inner.asked).toHaveLength(0);
    await clock.advance(1);
    expect([first.result, second.result]).toEqual([1, 2]);
  });

  test('closing tells whoever waits', async () => {
    faults.set([{ kind: 'drop', from: 1, to: 2 }]);
    const seen = watch(ask());
    await settle();
    line.close();
    await settle();
    expect(seen.result).toBe('broken');
    expect(clock.timerCount).toBe(0);
  });

  test('a probe across a cut learns nothing, after its time', async () => {
    faults.set([{ kind: 'drop', from: 2, to: 1 }]);
    const seen = watch(network.probe(address, 300));
    await clock.advance(299);
    expect(seen.result).toBeUndefined();
    await clock.advance(1);
    expect(seen.result).toBe('unknown');
    expect(inner.probes).toBe(0);
  });
});
