import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assignReplicasToDirsRequest } from '../../../extension/protocol/generated/assign-replicas-to-dirs-request.ts';
import { assignReplicasToDirsResponse } from '../../../extension/protocol/generated/assign-replicas-to-dirs-response.ts';
import { ApacheKafka } from '../../support/apache-kafka.ts';
import type { Child } from '../../support/child.ts';
import { freePort } from '../../support/free-port.ts';
import { samsa } from '../../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../support/temporary-directory.ts';
import { lacks } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { batch, type Json, Side, versionsOf } from './both-brokers.ts';

const NO_SUCH_ID = 'EbXCsc7G191KBZxNLpy6Qw';
const A_DIRECTORY = 'ZGlyZWN0b3J5LW9mLWEtMQ';

/** A broker with two log directories, and its controller's listener. */
interface Broker {
  readonly name: string;
  readonly dirs: readonly [string, string];
  readonly clients: Side;
  readonly controllers: Side;
}

/** Brokers with two log directories each: the same requests, the same answers. */
describe.skipIf(lacks('apache-kafka'))('log directories of Apache Kafka and of Samsa', () => {
  let directory: TemporaryDirectory;
  let kafka: ApacheKafka;
  let samsaProcess: Child;
  let brokers: [Broker, Broker];

  beforeAll(async () => {
    directory = await temporaryDirectory('compare-dirs');
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const dirsOf = (name: string): [string, string] => [`${directory.path}/${name}-1`, `${directory.path}/${name}-2`];
    const [theirs, ours] = [dirsOf('kafka'), dirsOf('samsa')];
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'log.dirs': ours.join(),
      listeners: `PLAINTEXT://127.0.0.1:${ports[2]},CONTROLLER://127.0.0.1:${ports[3]}`,
      'controller.listener.names': 'CONTROLLER',
      'auto.create.topics.enable': 'false',
    };
    await mkdir(directory.path, { recursive: true });
    const file = `${directory.path}/samsa.properties`;
    await writeFile(file, Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join('')); // prettier-ignore
    samsaProcess = samsa(['server-start', file]);
    [kafka] = await Promise.all([
      ApacheKafka.start({
        directory: theirs[0],
        port: ports[0]!,
        controllerPort: ports[1]!,
        properties: { 'log.dirs': theirs.join(), 'auto.create.topics.enable': 'false' },
      }),
      samsaProcess.waitForOutput((stdout) => stdout.includes('Ready in')),
    ]);
    const connect = async (name: string, dirs: [string, string], at: number): Promise<Broker> => {
      const clients = await Side.connect(name, ports[at]!);
      return { name, dirs, clients, controllers: await Side.connect(`${name}'s controller`, ports[at + 1]!) };
    };
    brokers = [await connect('Apache Kafka', theirs, 0), await connect('Samsa', ours, 2)];
    for (const { clients, dirs } of brokers) {
      const topic = { name: 't', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] };
      await clients.send('CreateTopics', 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
      for (const index of [0, 1]) await until('the records are taken', () => produced(clients, index));
      // Which of the directories a partition is made in is a matter of chance: from here on it is the first.
      await alter(clients, dirs[0], [0, 1]);
      await settled(clients);
    }
  });

  afterAll(async () => {
    for (const { clients, controllers } of brokers ?? []) {
      clients.connection.close();
      controllers.connection.close();
    }
    await Promise.all([kafka?.stop(), samsaProcess?.stop()]);
    await directory?.[Symbol.asyncDispose]();
  });

  const alter = (clients: Side, path: string, partitions: number[], topic = 't', version = 2): Promise<Json> =>
    clients.send('AlterReplicaLogDirs', version, { dirs: [{ path, topics: [{ name: topic, partitions }] }] });

  const produced = async (clients: Side, index: number): Promise<boolean> => {
    const partitionData = [{ index, records: batch(['a', 'b', 'c']) }];
    const topicData = [{ topicId: clients.ids.get('t'), partitionData }];
    const body = { transactionalId: null, acks: -1, timeoutMs: 5000, topicData };
    return JSON.stringify(await clients.send('Produce', 13, body)).includes('"errorCode":"NONE"');
  };

  /** Until nothing is on its way any more and both partitions are in one place; answers the last description. */
  const settled = (clients: Side, version = 5): Promise<Json> =>
    until('the moves have ended', async () => {
      const topics = [{ topic: 't', partitions: [0, 1] }];
      const answer = await clients.send('DescribeLogDirs', version, { topics });
      const text = JSON.stringify(answer);
      return text.includes('"isFutureKey":true') || !text.includes('"topics":[]') ? undefined : answer;
    });

  async function same(ask: (broker: Broker) => Promise<Json>): Promise<void> {
    const [theirs, ours] = await Promise.all(brokers.map(ask));
    expect(ours).toEqual(theirs);
  }

  it.each<[string, (broker: Broker) => unknown]>([
    ['nothing', () => ({ dirs: [] })],
    ['a directory that is none', () => ({ dirs: [{ path: '/none', topics: [{ name: 't', partitions: [0] }] }] })],
    ['no partitions', ({ dirs }) => ({ dirs: [{ path: dirs[1], topics: [{ name: 't', partitions: [] }] }] })],
    ['the same directory', ({ dirs }) => ({ dirs: [{ path: dirs[0], topics: [{ name: 't', partitions: [0, 1] }] }] })],
    ['a topic that is none', ({ dirs }) => ({ dirs: [{ path: dirs[1], topics: [{ name: 'u', partitions: [0] }] }] })],
    ['a partition that is none', ({ dirs }) => ({ dirs: [{ path: dirs[1], topics: [{ name: 't', partitions: [7, -1] }] }] })],
    ['a name too long', ({ dirs }) => ({ dirs: [{ path: dirs[1], topics: [{ name: 'x'.repeat(240), partitions: [0] }] }] })],
    ['a path too much', ({ dirs }) => ({ dirs: [{ path: `${dirs[1]}/`, topics: [{ name: 't', partitions: [0] }] }] })],
    [
      'one partition twice',
      ({ dirs }) => ({ dirs: ['/none', dirs[0]].map((path) => ({ path, topics: [{ name: 't', partitions: [0] }] })) }),
    ],
  ])('AlterReplicaLogDirs: %s', async (_, body) => {
    for (const version of versionsOf('AlterReplicaLogDirs')) {
      await same((broker) => broker.clients.send('AlterReplicaLogDirs', version, body(broker)));
    }
  }); // prettier-ignore

  it('AlterReplicaLogDirs moves, and DescribeLogDirs shows where to', async () => {
    for (const version of versionsOf('DescribeLogDirs')) {
      const target = version % 2;
      await same(({ clients, dirs }) => alter(clients, dirs[target]!, [0, 1], 't', 1 + (version % 2)));
      await same(({ clients }) => settled(clients, version));
    }
  });

  it('keeps the wish for a topic that is made later', async () => {
    await same(({ clients, dirs }) => alter(clients, dirs[1], [0, 1, 2], 'later'));
    await same(({ clients }) => {
      const topic = { name: 'later', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] };
      return clients.send('CreateTopics', 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
    });
    const all = { topics: [{ topic: 'later', partitions: [0, 1, 2] }] };
    await same(({ clients }) =>
      until('the partitions are there', async () => {
        const answer = await clients.send('DescribeLogDirs', 4, all);
        return (JSON.stringify(answer).match(/partitionIndex/g) ?? []).length === 3 ? answer : undefined;
      }),
    );
  });

  it('puts nothing more into a cordoned directory', async () => {
    const cordon = (clients: Side, value: string): Promise<Json> => {
      const configs = [{ name: 'cordoned.log.dirs', configOperation: 0, value }];
      return clients.send('IncrementalAlterConfigs', 1, {
        resources: [{ resourceType: 4, resourceName: '1', configs }],
        validateOnly: false,
      });
    };
    for (const value of ['/none', '*,/none']) await same(({ clients }) => cordon(clients, value));
    await same(({ clients, dirs }) => cordon(clients, `${dirs[0]},*`));
    await same(({ clients, dirs }) => cordon(clients, dirs[1]));
    await same(({ clients }) =>
      until('the broker knows', async () => {
        const answer = await clients.send('DescribeLogDirs', 5, { topics: [] });
        return JSON.stringify(answer).includes('"isCordoned":true') ? answer : undefined;
      }),
    );
    await same(({ clients, dirs }) => alter(clients, dirs[1], [0]));
    await same(({ clients }) => clients.send('DescribeLogDirs', 5, { topics: null }));
    await same(({ clients }) => cordon(clients, '*'));
    const topic = { name: 'nowhere', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    await same(({ clients }) =>
      until('the controller knows', async () => {
        const create = { topics: [topic], timeoutMs: 5000, validateOnly: true };
        const answer = await clients.send('CreateTopics', 7, create);
        return JSON.stringify(answer).includes('"errorCode":"NONE"') ? undefined : answer;
      }),
    );
    await same(({ clients }) => cordon(clients, ''));
  });

  it.each([[null], [[]], [[{ topic: 'u', partitions: [0] }]], [[{ topic: 't', partitions: [] }]], [[{ topic: 't', partitions: [1, 5] }]]])(
    'DescribeLogDirs: %j',
    async (topics) => {
      for (const version of versionsOf('DescribeLogDirs')) {
        await same(({ clients }) => clients.send('DescribeLogDirs', version, { topics }));
      }
    },
  ); // prettier-ignore

  it('AssignReplicasToDirs: for another epoch of the broker, or another broker', async () => {
    const topics = [{ topicId: NO_SUCH_ID, partitions: [{ partitionIndex: 0 }] }];
    for (const [brokerId, brokerEpoch] of [
      [1, -1],
      [1, 999_999],
      [9, 1],
    ] as const) {
      // prettier-ignore
      const body = { brokerId, brokerEpoch, directories: [{ id: A_DIRECTORY, topics }] };
      const answers = await Promise.all(
        brokers.map(({ controllers: { connection } }) =>
          connection.send(assignReplicasToDirsRequest, assignReplicasToDirsResponse, body),
        ),
      );
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[0]?.errorCode).not.toBe(0);
    }
  });

  it('controllers offer nothing that Apache Kafka does not, and in the same versions', () => {
    const [theirs, ours] = brokers.map(({ controllers }) => new Map(controllers.connection.versions));
    expect([...ours!].length).toBeGreaterThan(5);
    expect([...ours!]).toEqual([...ours!.keys()].map((key) => [key, theirs!.get(key)]));
  });
});
