import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSame, kafkaSays, samsaSays } from '../support/both-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** `samsa leader-election` beside Apache Kafka's, on one cluster. */
describe.skipIf(lacks('apache-kafka'))('leader-election says what Kafka says', { timeout: 240_000 }, () => {
  let cluster: SamsaCluster;
  let folder: TemporaryDirectory;

  beforeAll(async () => {
    folder = await temporaryDirectory('election-tools');
    cluster = await SamsaCluster.start({ args: ['--brokers', '3', '--config', 'auto.leader.rebalance.enable=false'] });
    const server = ['--bootstrap-server', cluster.bootstrap];
    for (const topic of ['a', 'b']) {
      const assignment = ['--replica-assignment', '1:2:3,2:3:1'];
      await samsaSays('topics', [...server, '--create', '--topic', topic, ...assignment]);
    }
    await samsaSays('topics', [...server, '--create', '--topic', 'lone', '--replica-assignment', '2']);
  });

  afterAll(async () => {
    await cluster?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  const args = (...more: readonly string[]): string[] => ['--bootstrap-server', cluster.bootstrap, ...more];
  const preferred = (...more: readonly string[]): string[] => args('--election-type', 'preferred', ...more);

  async function file(name: string, content: string): Promise<string> {
    const path = join(folder.path, name);
    await writeFile(path, content);
    return path;
  }

  it('about options that do not go together', async () => {
    const one = ['--topic', 'a', '--partition', '0'];
    await expectSame('leader-election', ['--election-type', 'preferred']);
    await expectSame('leader-election', one);
    await expectSame('leader-election', args('--election-type', 'odd', '--all-topic-partitions'));
    await expectSame('leader-election', preferred());
    await expectSame('leader-election', preferred('--topic', 'a'));
    await expectSame('leader-election', preferred('--topic', 'a', '--partition', 'x'));
    await expectSame('leader-election', preferred('--all-topic-partitions', '--partition', '0'));
    await expectSame('leader-election', preferred(...one, '--all-topic-partitions'));
    await expectSame('leader-election', preferred(...one, '--admin.config', 'x', '--command-config', 'y'));
  });

  it('about files that cannot be read', async () => {
    const texts = ['', '\n', '{oops', '[]', '{"x":1}', '{"partitions":3}', '{"partitions":[{"topic":"a"}]}'];
    const twice = '{"topic":"a","partition":1}';
    const wrong = '{"partitions":[{"topic":"a","partition":"b"}]}';
    for (const text of [...texts, wrong, `{"partitions":[${twice},${twice}]}`]) {
      const path = await file('bad.json', text);
      expect(await expectSame('leader-election', preferred('--path-to-json-file', path))).toMatchObject({ code: 1 });
    }
    await expectSame('leader-election', preferred('--path-to-json-file', join(folder.path, 'none.json')));
  });

  it('about partitions that need nothing or do not exist', async () => {
    await expectSame('leader-election', preferred('--all-topic-partitions'));
    await expectSame('leader-election', preferred('--topic', 'a', '--partition', '0'));
    await expectSame('leader-election', args('--election-type', 'Unclean', '--topic', 'a', '--partition', '0'));
    await expectSame('leader-election', preferred('--topic', 'nope', '--partition', '0'));
    const properties = await file('client.properties', 'client.id=me\n');
    await expectSame('leader-election', preferred('--topic', 'a', '--partition', '9', '--admin.config', properties));
    const some = ['a', 'b', 'nope'].flatMap((topic) => [0, 1].map((partition) => ({ topic, partition })));
    const path = await file('some.json', JSON.stringify({ partitions: some }));
    await expectSame('leader-election', preferred('--path-to-json-file', path));
  });

  it('about elections', async () => {
    await cluster.control('kill', { broker: 2 });
    const lone = (who: typeof kafkaSays, type: string) =>
      who('leader-election', args('--election-type', type, '--topic', 'lone', '--partition', '0'));
    await until('the leaders of broker 2 have moved', async () => {
      const { out } = await samsaSays('topics', args('--describe'));
      return !/Leader: 2/.test(out);
    });
    for (const type of ['preferred', 'unclean'])
      expect(await lone(samsaSays, type)).toEqual(await lone(kafkaSays, type));
    await cluster.control('start', { broker: 2 });
    await until('all are in sync', async () => {
      const { out } = await samsaSays('topics', args('--describe', '--under-replicated-partitions'));
      return out === '';
    });
    const ours = await samsaSays('leader-election', preferred('--topic', 'a', '--partition', '1'));
    expect(ours).toMatchObject({
      code: 0,
      out: 'Successfully completed leader election (PREFERRED) for partitions a-1',
    });
    const theirs = await kafkaSays('leader-election', preferred('--topic', 'b', '--partition', '1'));
    expect({ ...theirs, out: theirs.out.replace('b-1', 'a-1') }).toEqual(ours);
  });
});
