import { expect, test } from 'vitest';
import type { NodeNetwork } from '../../../extension/engine/common/network.ts';
import { silentLogger } from '../../../extension/engine/common/logger.ts';
import { defineHandler } from '../../../extension/engine/server/api-handler.ts';
import { RequestProcessor } from '../../../extension/engine/server/request-processor.ts';
import { apiVersionsRequest } from '../../../extension/protocol/generated/api-versions-request.ts';
import { apiVersionsResponse } from '../../../extension/protocol/generated/api-versions-response.ts';
import { heartbeatRequest } from '../../../extension/protocol/generated/heartbeat-request.ts';
import { heartbeatResponse } from '../../../extension/protocol/generated/heartbeat-response.ts';
import { SimClock } from './sim-clock.ts';
import type { SimConnection, SimEndpoint } from './sim-connection.ts';
import { type Machine, type NetworkWeather, SimNetwork } from './sim-network.ts';
import { Actor, SimWorld } from './sim-world.ts';

const CALM: NetworkWeather = {
  minDelayMs: 1,
  maxDelayMs: 2,
  longDelayChance: 0,
  longDelayMs: 0,
  resetChance: 0,
  silenceChance: 0,
};
const PORT = 9000;

class Process implements SimEndpoint {
  readonly machine: Machine;
  readonly actor: Actor;
  readonly connections = new Set<SimConnection>();

  constructor(id: number) {
    this.machine = { id, name: `machine ${id}`, hasPower: true };
    this.actor = new Actor(this.machine.name);
  }

  die(): void {
    this.actor.alive = false;
    for (const connection of [...this.connections]) connection.died(connection.sideOf(this.actor));
  }
}

/** Asks a node for heartbeats, and notes what comes of them. */
class Asker {
  readonly said: string[] = [];
  readonly #world: SimWorld;
  readonly #channel: ReturnType<NodeNetwork['open']>;

  constructor(world: SimWorld, network: NodeNetwork) {
    this.#world = world;
    this.#channel = network.open({ nodeId: 2, host: 'any', port: PORT }, 'test');
    this.#channel.onBroken(() => this.said.push('line broke'));
  }

  ask(atMs: number, groupId: string, timeoutMs = 100): void {
    this.#world.schedule(atMs, undefined, () => {
      this.#channel
        .send(heartbeatRequest, heartbeatResponse, { groupId, generationId: 1, memberId: '' }, { timeoutMs })
        .then(
          () => this.said.push(`${groupId} answered`),
          (error: { kind: string }) => this.said.push(`${groupId}: ${error.kind}`),
        );
    });
  }
}

async function setUp(weather = CALM): Promise<{
  world: SimWorld;
  network: SimNetwork;
  client: Process;
  server: Process;
  asker: Asker;
  served: string[];
}> {
  const world = new SimWorld(1);
  const network = new SimNetwork(world, weather);
  const client = new Process(1);
  const server = new Process(2);
  network.addMachine(server.machine, [PORT]);
  const served: string[] = [];
  const processor = new RequestProcessor(
    [
      defineHandler(apiVersionsRequest, apiVersionsResponse, {
        handle: () => ({
          errorCode: 0,
          apiKeys: [apiVersionsRequest, heartbeatRequest].map(({ apiKey, lowestVersion, highestVersion }) => ({
            ...{ apiKey, minVersion: lowestVersion, maxVersion: highestVersion },
          })),
        }),
      }),
      defineHandler(heartbeatRequest, heartbeatResponse, {
        handle: ({ groupId }) => {
          served.push(groupId);
          return { errorCode: 0 };
        },
      }),
    ],
    silentLogger,
  );
  const listener = network.listenerFactory(server)({
    ...{ listenerName: 'TEST', host: 'any', port: PORT, processor, logger: silentLogger },
    clock: new SimClock(world, server.actor),
    ...{ maxFrameBytes: 10_000, maxIdleMs: -1, maxConnections: 10 },
  });
  world.schedule(0, undefined, () => void listener.listen().then(() => listener.open()));
  await world.run(1);
  return { world, network, client, server, served, asker: new Asker(world, network.networkOf(client)) };
}

test('requests are answered; the death of the server resets the line, and then nobody listens', async () => {
  const { world, server, asker } = await setUp();
  asker.ask(0, 'first');
  world.schedule(50, undefined, () => server.die());
  asker.ask(80, 'second');
  await world.run(500);
  expect(asker.said).toEqual(['first answered', 'line broke', 'second: refused']);
});

test('a machine without power is silent, and breaks its old lines when it is back', async () => {
  const { world, server, asker } = await setUp();
  asker.ask(0, 'first');
  world.schedule(50, undefined, () => {
    server.machine.hasPower = false;
    server.die();
  });
  asker.ask(80, 'second');
  await world.run(500);
  expect(asker.said).toEqual(['first answered', 'line broke', 'second: timeout']);
});

test('what cannot pass a link waits for it; a request may have its effect after it was given up', async () => {
  const { world, network, client, server, asker, served } = await setUp();
  asker.ask(0, 'first');
  world.schedule(50, undefined, () => network.block(client.machine, server.machine));
  asker.ask(60, 'second');
  await world.run(300);
  expect(asker.said).toEqual(['first answered', 'line broke', 'second: timeout']);
  expect(served).toEqual(['first']);
  world.schedule(0, undefined, () => network.heal(client.machine, server.machine));
  await world.run(600);
  expect(served).toEqual(['first', 'second']);
});

test('a frozen process takes in what arrived, in order, when it goes on', async () => {
  const { world, server, asker, served } = await setUp();
  asker.ask(0, 'first', 1_000);
  world.schedule(20, undefined, () => world.freeze(server.actor));
  asker.ask(30, 'second', 1_000);
  asker.ask(40, 'third', 1_000);
  world.schedule(300, undefined, () => world.thaw(server.actor));
  await world.run(200);
  expect(served).toEqual(['first']);
  await world.run(600);
  expect(served).toEqual(['first', 'second', 'third']);
  expect(asker.said).toEqual(['first answered', 'second answered', 'third answered']);
});

test('lines break and fall silent as often as the weather says', async () => {
  const { world, asker, served } = await setUp({ ...CALM, resetChance: 0.1, silenceChance: 0.1 });
  for (let i = 0; i < 60; i++) asker.ask(i * 200, `${i}`);
  await world.run(20_000);
  expect(asker.said.filter((what) => what.endsWith(': broken')).length).toBeGreaterThan(2);
  expect(asker.said.filter((what) => what.endsWith(': timeout')).length).toBeGreaterThan(2);
  expect(served.length).toBeGreaterThan(20);
});
