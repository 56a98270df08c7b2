import { afterEach, describe, expect, it } from 'vitest';
import { startBroker } from '../../../../extension/engine/broker/broker-node.ts';
import type { BrokerPorts, Peers, RunningBroker } from '../../../../extension/engine/broker/broker-options.ts';
import { TcpNetwork } from '../../../../extension/engine/broker/tcp-network.ts';
import { systemClock } from '../../../../extension/engine/common/clock.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { systemRandom } from '../../../../extension/engine/common/random.ts';
import { SocketServer } from '../../../../extension/engine/server/socket-server.ts';
import { Connection } from '../../../../extension/net/connection.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { alterReplicaLogDirsRequest } from '../../../../extension/protocol/generated/alter-replica-log-dirs-request.ts';
import { alterReplicaLogDirsResponse } from '../../../../extension/protocol/generated/alter-replica-log-dirs-response.ts';
import { createTopicsRequest } from '../../../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../../../extension/protocol/generated/create-topics-response.ts';
import { describeLogDirsRequest } from '../../../../extension/protocol/generated/describe-log-dirs-request.ts';
import { describeLogDirsResponse } from '../../../../extension/protocol/generated/describe-log-dirs-response.ts';
import { metadataRequest } from '../../../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../../../extension/protocol/generated/metadata-response.ts';
import { produceRequest } from '../../../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../../../extension/protocol/generated/produce-response.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { until } from '../../../support/until.ts';
import { records } from './replica-harness.ts';

const DIRS = ['/a', '/b', '/c'];

/** A whole node on a disk in memory, behind real sockets. */
class Node {
  readonly broker: RunningBroker;
  readonly connection: Connection;
  readonly fatal: Error[];
  static #running: Node[] = [];

  private constructor(broker: RunningBroker, connection: Connection, fatal: Error[]) {
    this.broker = broker;
    this.connection = connection;
    this.fatal = fatal;
  }

  /** The first node is broker and controller; one that has a `controller` is a broker of its cluster, with another id. */
  static async start(
    disk: MemoryFileSystem,
    config: Record<string, string> = {},
    controller?: { readonly of: Node; readonly nodeId: number },
  ): Promise<Node> {
    const fatal: Error[] = [];
    const ports: BrokerPorts = {
      network: new TcpNetwork(),
      makeListener: (options) => new SocketServer(options),
      meet: ({ nodeId, directoryId, isNew, controllerListener }): Promise<Peers> => {
        if (controller !== undefined) {
          const { host, port } = controller.of.broker.controllerListener!;
          return Promise.resolve({ voters: [{ nodeId: 1, directoryId: undefined, host, port }], isNewCluster: false });
        }
        const { host, port } = controllerListener!;
        return Promise.resolve({ voters: [{ nodeId, directoryId, host, port }], isNewCluster: isNew });
      },
      clock: systemClock,
      random: systemRandom,
      fileSystem: disk,
      logger: silentLogger,
      onEvent: () => {},
      onFatal: (error) => fatal.push(error),
    };
    const listener = (name: string) => ({ name, host: '127.0.0.1', port: 0 });
    const broker = await startBroker(
      {
        nodeId: controller?.nodeId ?? 1,
        roles: controller === undefined ? ['broker', 'controller'] : ['broker'],
        logDirs: DIRS,
        clusterId: 'EbXCsc7G191KBZxNLpy6Qw',
        listeners: [listener('PLAINTEXT')],
        advertisedListeners: [listener('PLAINTEXT')],
        controllerListener: controller === undefined ? listener('CONTROLLER') : undefined,
        config,
      },
      ports,
    );
    const { host, port } = broker.listeners[0]!;
    const node = new Node(broker, await Connection.open({ host, port, clientId: 'test' }), fatal);
    Node.#running.push(node);
    return node;
  }

  static stopAll(): void {
    for (const node of Node.#running.splice(0)) node.kill();
  }

  kill(): void {
    this.connection.close();
    this.broker.kill();
  }

  async stop(): Promise<void> {
    this.connection.close();
    await this.broker.shutdown();
  }

  async createTopic(numPartitions: number, replicationFactor = 1): Promise<void> {
    const topic = { name: 't', numPartitions, replicationFactor, assignments: [], configs: [] };
    await this.connection.send(createTopicsRequest, createTopicsResponse, { topics: [topic], timeoutMs: 5000 });
  }

  async produce(index: number): Promise<number> {
    const topicData = [{ name: 't', partitionData: [{ index, records: records('value') }] }];
    const body = { transactionalId: null, acks: -1, timeoutMs: 5000, topicData };
    const { responses } = await this.connection.send(produceRequest, produceResponse, body, { version: 9 });
    return responses[0]!.partitionResponses[0]!.errorCode;
  }

  /** `partition:leader`, and `!` for a replica that is offline. */
  async leaders(): Promise<string[]> {
    const body = { topics: [{ name: 't' }], allowAutoTopicCreation: false };
    const { topics } = await this.connection.send(metadataRequest, metadataResponse, body, { version: 9 });
    return topics[0]!.partitions.map(
      ({ partitionIndex, leaderId, offlineReplicas }) =>
        `${partitionIndex}:${leaderId}${offlineReplicas.length > 0 ? '!' : ''}`,
    );
  }

  /** Partitions by directory; `failed` for one that is offline. */
  async places(): Promise<Record<string, number[] | 'failed'>> {
    const { results } = await this.connection.send(describeLogDirsRequest, describeLogDirsResponse, { topics: null });
    return Object.fromEntries(
      results.map(({ logDir, errorCode, topics }) => [
        logDir,
        errorCode === ErrorCode.NONE
          ? topics.flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex)).sort()
          : 'failed',
      ]),
    );
  }

  /** The log ends, by partition. */
  ends(): number[] {
    const partitions = [...this.broker.partitions('t')].sort((one, other) => one.partition - other.partition);
    return partitions.map(({ replicaStates }) => replicaStates[0]!.logEndOffset);
  }

  async move(partition: number, path: string): Promise<number> {
    const dirs = [{ path, topics: [{ name: 't', partitions: [partition] }] }];
    const { results } = await this.connection.send(alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, { dirs });
    return results[0]!.partitions[0]!.errorCode;
  }
}

function failing(disk: MemoryFileSystem, path: string): void {
  disk.onCall = (operation, at) => {
    if (at === path || at.startsWith(`${path}/`)) throw systemError('EIO', operation, at);
  };
}

afterEach(() => Node.stopAll());

describe('a broker with three log directories', () => {
  it('spreads its partitions, and finds them again', async () => {
    const disk = new MemoryFileSystem();
    const node = await Node.start(disk);
    await node.createTopic(6);
    const places = await node.places();
    expect(Object.values(places).map((each) => each.length)).toEqual([2, 2, 2]);
    for (let partition = 0; partition < 6; partition++) expect(await node.produce(partition)).toBe(ErrorCode.NONE);
    await node.stop();
    const again = await Node.start(disk);
    expect(await again.places()).toEqual(places);
    expect(again.ends()).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('serves on when one of them fails, and takes it back at the next start', async () => {
    const disk = new MemoryFileSystem();
    const node = await Node.start(disk);
    await node.createTopic(3);
    const places = await node.places();
    const lost = Number((places['/b'] as number[])[0]);
    const kept = [0, 1, 2].filter((partition) => partition !== lost);
    failing(disk, '/b');
    expect(await node.produce(lost)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await until('the controller has heard of it', async () => (await node.leaders()).includes(`${lost}:-1!`));
    expect(await node.produce(lost)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    for (const partition of kept) expect(await node.produce(partition)).toBe(ErrorCode.NONE);
    expect(await node.places()).toEqual({ ...places, '/b': 'failed' });
    expect(await node.move(kept[0]!, '/b')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await node.move(lost, '/c')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(node.fatal).toEqual([]);
    await node.stop();

    const without = await Node.start(disk);
    expect(await without.leaders()).toEqual([0, 1, 2].map((partition) => `${partition}:${partition === lost ? '-1!' : '1'}`)); // prettier-ignore
    expect(await without.places()).toEqual({ ...places, '/b': 'failed' });
    await without.stop();

    disk.onCall = undefined;
    const back = await Node.start(disk);
    expect(await back.places()).toEqual(places);
    await until('the replica leads again', async () => (await back.leaders()).includes(`${lost}:1`));
    expect(await back.produce(lost)).toBe(ErrorCode.NONE);
  });

  it('hands over to other brokers what it loses with one of them, and moves what it follows', async () => {
    const disk = new MemoryFileSystem();
    const first = await Node.start(disk);
    const second = await Node.start(new MemoryFileSystem(), {}, { of: first, nodeId: 2 });
    await first.createTopic(6, 2);
    const leaders = async (): Promise<string[]> => (await first.leaders()).map((each) => each.replace('!', ''));
    await until('all have leaders', async () => (await leaders()).every((each) => !each.endsWith('-1')));
    const led = (await leaders()).flatMap((each) => (each.endsWith(':1') ? Number(each.split(':')[0]) : []));
    for (const partition of led) expect(await first.produce(partition)).toBe(ErrorCode.NONE);

    // A follower's replica is moved while its leader goes on.
    const places = await second.places();
    const [followed] = (places['/b'] as number[]).filter((partition) => led.includes(partition));
    expect(await second.move(followed!, '/c')).toBe(ErrorCode.NONE);
    await until('it has moved', async () => ((await second.places())['/c'] as number[]).includes(followed!));
    expect(await first.produce(followed!)).toBe(ErrorCode.NONE);
    await until('the follower has it all', () => second.ends()[followed!] === 2);

    const lost = ((await first.places())['/b'] as number[]).filter((partition) => led.includes(partition));
    expect(lost.length).toBeGreaterThan(0);
    failing(disk, '/b');
    expect(await first.produce(lost[0]!)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await until('the other broker leads', async () =>
      (await leaders()).every((each) => !lost.some((partition) => each === `${partition}:1`)),
    );
    for (const partition of lost) {
      await until('it knows', async () => (await second.produce(partition)) === ErrorCode.NONE);
    }
    for (const partition of led.filter((each) => !lost.includes(each))) {
      expect(await first.produce(partition)).toBe(ErrorCode.NONE);
    }
  });

  it('ends when the one fails that holds the metadata log', async () => {
    const disk = new MemoryFileSystem();
    const node = await Node.start(disk);
    await node.createTopic(3);
    const [partition] = (await node.places())['/a'] as number[];
    failing(disk, '/a');
    expect(await node.produce(partition!)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await until('the broker gives up', () => node.fatal.length > 0);
    expect(node.fatal.map(String).join()).toContain('/a');
  });

  it('does not start without the one that holds the metadata log, and says so', async () => {
    const disk = new MemoryFileSystem();
    failing(disk, '/a');
    await expect(Node.start(disk)).rejects.toThrow(/^\/a, which holds the metadata log, cannot be written to \(EIO\)/);
  });

  it('puts nothing more into one that is cordoned, and says so', async () => {
    const disk = new MemoryFileSystem();
    const node = await Node.start(disk, { 'cordoned.log.dirs': '/b' });
    await node.createTopic(4);
    expect(await node.places()).toMatchObject({ '/b': [] });
    expect(await node.move(0, '/b')).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    const { results } = await node.connection.send(describeLogDirsRequest, describeLogDirsResponse, { topics: null });
    expect(results.map(({ isCordoned }) => isCordoned)).toEqual([false, true, false]);
    await node.stop();
    const again = await Node.start(disk, { 'cordoned.log.dirs': '*' });
    const topic = { name: 'u', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const create = { topics: [topic], timeoutMs: 5000 };
    await until('the controller has heard of it', async () => {
      const { topics } = await again.connection.send(createTopicsRequest, createTopicsResponse, { ...create, validateOnly: true }); // prettier-ignore
      return topics[0]!.errorCode === ErrorCode.INVALID_REPLICATION_FACTOR;
    });
    expect(await again.produce(0)).toBe(ErrorCode.NONE);
    await again.stop();
    await expect(Node.start(disk, { 'cordoned.log.dirs': '/b,/x' })).rejects.toThrow('/x');
  });

  it('moves a replica while it is written to, and keeps what it said over a kill', async () => {
    const disk = new MemoryFileSystem();
    const node = await Node.start(disk);
    await node.createTopic(3);
    const places = await node.places();
    const [moved] = places['/b'] as number[];
    let written = 0;
    let isDone = false;
    const writing = (async () => {
      while (!isDone) if ((await node.produce(moved!)) === ErrorCode.NONE) written++;
    })();
    expect(await node.move(moved!, '/c')).toBe(ErrorCode.NONE);
    await until('it has moved', async () => !((await node.places())['/b'] as number[]).includes(moved!));
    isDone = true;
    await writing;
    expect(written).toBeGreaterThan(0);
    node.kill();
    const again = await Node.start(disk);
    expect((await again.places())['/c']).toContain(moved);
    expect(again.ends()[moved!]).toBe(written);
    expect(await again.leaders()).toContain(`${moved}:1`);
  });
});
