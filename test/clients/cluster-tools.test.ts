import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSame, kafkaSays, samsaSays } from '../support/both-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** `samsa cluster` beside Apache Kafka's, on one cluster. */
describe.skipIf(lacks('apache-kafka'))('cluster says what Kafka says', { timeout: 240_000 }, () => {
  let cluster: SamsaCluster;
  let server: string[];
  let controller: string[];

  beforeAll(async () => {
    const args = ['--brokers', '5', '--controllers', '1', '--racks', 'a,rack-b'];
    cluster = await SamsaCluster.start({ args, readyTimeoutMs: 60_000 });
    server = ['--bootstrap-server', cluster.bootstrap];
    const { out } = await samsaSays('metadata-quorum', [...server, 'describe', '--status']);
    controller = ['--bootstrap-controller', /CONTROLLER:\/\/([\d.:]+)/.exec(out)![1]!];
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  it('about arguments that are wrong', async () => {
    for (const line of ['', 'nope', '--help-me', 'cluster-id', 'unregister', 'cluster-id --bootstrap-server']) {
      await expectSame('cluster', line === '' ? [] : line.split(' '));
    }
    await expectSame('cluster', [...server, 'cluster-id']);
    await expectSame('cluster', ['cluster-id', ...server, ...controller]);
    await expectSame('cluster', ['cluster-id', ...server, '--boot', 'x']);
    await expectSame('cluster', ['cluster-id', 'extra', '--id', '4']);
    await expectSame('cluster', ['unregister', ...server, '--id']);
    await expectSame('cluster', ['unregister', ...server, '--id', 'x']);
    await expectSame('cluster', ['list-endpoints', ...controller, '--include-fenced-brokers']);
    await expectSame('cluster', ['cluster-id', ...server, '--config', 'a', '-c', 'b']);
    const [kafka, ours] = [await kafkaSays('cluster', ['--help']), await samsaSays('cluster', ['--help'])];
    expect(ours.code).toBe(kafka.code);
    for (const name of ['cluster-id', 'unregister', 'list-endpoints']) expect(ours.out).toContain(name);
  });

  it('about its id', async () => {
    for (const who of [server, controller]) await expectSame('cluster', ['cluster-id', ...who]);
    await expectSame('cluster', ['cluster-id', `-b${cluster.bootstrap}`]);
  });

  it('about endpoints, and brokers that are gone', async () => {
    await expectSame('cluster', ['list-endpoints', ...server]);
    await expectSame('cluster', ['list-endpoints', ...controller]);
    for (const broker of [4, 5]) await cluster.control('stop', { broker });
    const all = ['list-endpoints', ...server, '--include-fenced-brokers'];
    await until('both are fenced', async () => (await samsaSays('cluster', all)).out.match(/\bfenced/g)?.length === 2);
    await expectSame('cluster', all);
    await expectSame('cluster', ['unregister', ...server, '--id', '77']);
    const kafka = await kafkaSays('cluster', ['unregister', ...server, '--id', '4']);
    const ours = await samsaSays('cluster', ['unregister', ...controller, '-i', '5']);
    expect(ours).toEqual({ ...kafka, out: kafka.out.replace('4', '5') });
    expect((await expectSame('cluster', all)).out).not.toContain(' fenced');
    await expectSame('cluster', ['unregister', ...controller, '--id', '5']);
  });
});
