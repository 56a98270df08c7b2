import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSame, inPairs, kafkaSays, samsaSays, type Said } from '../support/both-tools.ts';
import { SamsaCluster, samsa } from '../support/samsa-cluster.ts';
import type { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

type Says = typeof kafkaSays;

/** Topics of the same shape, one for each tool. */
const KAFKAS = 'topic-k';
const OURS = 'topic-s';

let folder: TemporaryDirectory;
let bootstrap: string;

async function file(name: string, content: object | string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const server = (...args: readonly string[]): string[] => ['--bootstrap-server', bootstrap, ...args];
const same = (...args: readonly string[]): Promise<Said> => expectSame('reassign-partitions', server(...args));

interface Part {
  readonly partition: number;
  readonly replicas: readonly number[];
  readonly log_dirs?: readonly string[];
}

const plan = (topic: string, partitions: readonly Part[], name = 'plan.json'): Promise<string> =>
  file(name, { version: 1, partitions: partitions.map((each) => ({ topic, ...each })) });

/** The same steps with Kafka's tool and with ours, each on its topic; what they say differs in the topic's name alone. */
async function expectSameSteps(steps: (says: Says, topic: string) => Promise<Said[]>): Promise<Said[]> {
  const kafka = await steps(kafkaSays, KAFKAS);
  const ours = await steps(samsaSays, OURS);
  expect(ours).toEqual(kafka.map(({ code, out, err }) => ({ code, err, out: out.replaceAll(KAFKAS, OURS) })));
  return ours;
}

async function createTopics(...args: readonly string[]): Promise<void> {
  for (const topic of [KAFKAS, OURS]) {
    expect(await samsaSays('topics', server('--create', '--topic', topic, ...args))).toMatchObject({ code: 0 });
  }
}

describe.skipIf(lacks('apache-kafka'))('reassign-partitions says what Kafka says', { timeout: 300_000 }, () => {
  let cluster: SamsaCluster;

  beforeAll(async () => {
    folder = await temporaryDirectory('reassign-tools');
    const args = [
      '--brokers',
      '4',
      '--controllers',
      '1',
      '--racks',
      'a,b',
      '--config',
      'replica.socket.timeout.ms=2000',
    ];
    cluster = await SamsaCluster.start({ args, readyTimeoutMs: 60_000 });
    bootstrap = cluster.bootstrap;
    await createTopics('--replica-assignment', '1:2,2:1');
  });

  afterAll(async () => {
    await cluster?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  it('about options that do not go together', async () => {
    await expectSame('reassign-partitions', ['--list']);
    const some = await plan(OURS, [{ partition: 0, replicas: [1, 2] }]);
    const lines = [
      [],
      ['--list', '--verify'],
      ['--verify'],
      ['--generate'],
      ['--generate', '--topics-to-move-json-file', 'x'],
      ['--execute', '--reassignment-json-file', 'x', '--broker-list', '1'],
      ['--verify', '--reassignment-json-file', 'x', '--timeout', '1'],
      ['--list', '--bootstrap-controller', bootstrap],
      ['--list', '--no-such-option'],
      ['--execute', '--reassignment-json-file', some, '--throttle', 'fast'],
    ];
    await inPairs(lines, (line) => same(...line));
  });

  const partition = (fields: object): object => ({ partitions: [{ topic: OURS, partition: 0, ...fields }] });

  it.each<[string, object | string]>([
    ['empty', ''],
    ['blank', '\n'],
    ['a list', []],
    ['of another version', { version: 2 }],
    ['without partitions', {}],
    ['without replicas', partition({})],
    ['with no replicas', partition({ replicas: [] })],
    ['with a replica twice', partition({ replicas: [1, 1] })],
    ['with a partition twice', { partitions: [1, 1].map((id) => ({ topic: OURS, partition: 0, replicas: [id] })) }],
    ['with too few directories', partition({ replicas: [1, 2], log_dirs: ['any'] })],
    ['with an unknown broker', partition({ replicas: [1, 9] })],
    ['with an unknown topic', { partitions: [{ topic: 'nope', partition: 0, replicas: [1] }] }],
    ['with an unknown partition', { partitions: [{ topic: OURS, partition: 7, replicas: [1] }] }],
  ])('about a plan that is %s', async (_, content) => {
    const path = await file('bad.json', content);
    expect(await same('--execute', '--reassignment-json-file', path)).toMatchObject({ code: 1 });
  });

  it('about what --generate cannot do', async () => {
    for (const topics of [['nope'], [OURS, OURS]]) {
      const path = await file('topics.json', { topics: topics.map((topic) => ({ topic })) });
      await same('--generate', '--topics-to-move-json-file', path, '--broker-list', '1,2');
    }
    const path = await file('topics.json', { topics: [{ topic: OURS }] });
    await inPairs(['1', '1,9', '1,1', '1,x', ''], (brokers) =>
      same('--generate', '--topics-to-move-json-file', path, '--broker-list', brokers),
    );
    await same('--generate', '--topics-to-move-json-file', await file('bad.json', '{'), '--broker-list', '1,2');
  });

  it('about a proposal, but for its choice', async () => {
    const path = await file('topics.json', { topics: [{ topic: KAFKAS }, { topic: OURS }] });
    for (const more of [[], ['--disable-rack-aware']]) {
      const args = server('--generate', '--topics-to-move-json-file', path, '--broker-list', '1,2,3', ...more);
      const [kafka, ours] = [
        await kafkaSays('reassign-partitions', args),
        await samsaSays('reassign-partitions', args),
      ];
      const shape = ({ code, out }: Said): object => ({
        code,
        out: out.replace(/(?<=Proposed[^]*?)\[\d+,\d+\]/g, '[]'),
      });
      expect(shape(ours)).toEqual(shape(kafka));
      const proposed = [...ours.out.matchAll(/"replicas":\[(\d),(\d)\]/g)].slice(4);
      expect(proposed).toHaveLength(4);
      // Brokers 1 and 3 share a rack.
      if (more.length === 0) for (const [, a, b] of proposed) expect([a, b].includes('2')).toBe(true);
    }
  });

  it('about a plan that moves nothing', async () => {
    const path = await plan(
      OURS,
      [0, 1].map((index) => ({ partition: index, replicas: index === 0 ? [1, 2] : [2, 1] })),
    );
    await same(
      '--execute',
      '--reassignment-json-file',
      path,
      '--throttle',
      '5',
      '--disallow-replication-factor-change',
    );
    await same('--execute', '--reassignment-json-file', path, '--replica-alter-log-dirs-throttle', '-1');
    await same('--cancel', '--reassignment-json-file', path, '--preserve-throttles');
    await same('--cancel', '--reassignment-json-file', path);
    await same('--verify', '--reassignment-json-file', path);
    await same('--verify', '--reassignment-json-file', await plan('nope', [{ partition: 0, replicas: [1] }]));
    await same('--list');
  });

  it('about a plan that the cluster refuses', async () => {
    const path = await plan(OURS, [{ partition: 0, replicas: [1, 2, 3] }]);
    const refused = await same('--execute', '--reassignment-json-file', path, '--disallow-replication-factor-change');
    expect(refused.out).toContain(`Error reassigning partition(s):\n${OURS}-0: `);
  });

  it('about a reassignment under way, its throttles and its end', async () => {
    const isolate = async (): Promise<void> => {
      for (const leader of [1, 2]) {
        await cluster.control('drop', { from: leader, to: 4 });
        await cluster.control('drop', { from: 4, to: leader });
      }
    };
    const status = await samsaSays('metadata-quorum', server('describe', '--status'));
    const controller = /CONTROLLER:\/\/([\d.:]+)/.exec(status.out)![1]!;
    const said = await expectSameSteps(async (says, topic) => {
      const parts = [0, 1].map((index) => ({ partition: index, replicas: [4, index + 1] }));
      const path = await plan(topic, parts);
      const steps: Said[] = [];
      const run = async (...args: readonly string[]): Promise<void> => {
        steps.push(await says('reassign-partitions', server(...args)));
      };
      const configs = async (): Promise<void> => {
        const describe = server('--describe', '--entity-type');
        steps.push(await samsaSays('configs', [...describe, 'topics', '--entity-name', topic]));
        steps.push(await samsaSays('configs', [...describe, 'brokers', '--entity-name', '4']));
      };
      // The new replicas do not reach the leaders, so that nothing is done before all has been asked.
      await isolate();
      await run('--execute', '--reassignment-json-file', path, '--throttle', '1000');
      await configs();
      await run('--list');
      steps.push(await says('reassign-partitions', ['--bootstrap-controller', controller, '--list']));
      await run('--verify', '--reassignment-json-file', path);
      await run('--execute', '--reassignment-json-file', path);
      const further = ['--additional', '--throttle', '2000'];
      await run('--execute', '--reassignment-json-file', path, ...further);
      await configs();
      await run('--cancel', '--reassignment-json-file', path, '--preserve-throttles');
      await run('--verify', '--reassignment-json-file', path);
      await configs();
      await cluster.control('heal');
      await run('--execute', '--reassignment-json-file', path);
      const hasMoved = async (): Promise<boolean> =>
        (await samsaSays('reassign-partitions', server('--list'))).out.startsWith('No ');
      await until(`${topic} has moved`, hasMoved, { timeoutMs: 60_000 });
      await run('--verify', '--reassignment-json-file', path);
      return steps;
    });
    const text = said.map(({ out }) => out).join('\n');
    expect(text).toContain('leader.replication.throttled.replicas=0:1,0:2,1:1,1:2');
    expect(text).toContain(`${OURS}-0: replicas: 4,1,2. adding: 4. removing: 2.`);
    expect(text).toContain(`Successfully cancelled partition reassignments for: ${OURS}-0,${OURS}-1`);
    expect(said.at(-1)?.out).toContain(`Reassignment of partition ${OURS}-1 is completed.`);
  });
});

describe.skipIf(lacks('apache-kafka'))(
  'reassign-partitions moves between directories as Kafka does',
  { timeout: 300_000 },
  () => {
    let broker: Child;

    beforeAll(async () => {
      folder = await temporaryDirectory('reassign-dirs');
      bootstrap = `127.0.0.1:${await freePort()}`;
      const properties = {
        'process.roles': 'broker,controller',
        'node.id': '1',
        'log.dirs': ['a', 'b'].map((name) => join(folder.path, name)).join(','),
        listeners: `PLAINTEXT://${bootstrap},CONTROLLER://127.0.0.1:${await freePort()}`,
        'controller.listener.names': 'CONTROLLER',
      };
      const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
      broker = samsa(['server-start', await file('server.properties', lines.join(''))]);
      await broker.waitForOutput((stdout) => stdout.includes('Ready in'));
      await createTopics('--partitions', '1');
    });

    afterAll(async () => {
      await broker?.stop();
      await folder?.[Symbol.asyncDispose]();
    });

    it('with --execute, --verify and --cancel', async () => {
      const dirOf = (name: string): string => join(folder.path, name);
      const said = await expectSameSteps(async (says, topic) => {
        const move = (path: string): Promise<string> =>
          plan(topic, [{ partition: 0, replicas: [1], log_dirs: [path] }], `${topic}-${basename(path)}.json`);
        const run = (...args: readonly string[]): Promise<Said> => says('reassign-partitions', server(...args));
        const home = await move(dirOf('a'));
        // Where a topic lies at first is the broker's choice.
        await samsaSays('reassign-partitions', server('--execute', '--reassignment-json-file', home));
        const isAt = (name: string): Promise<unknown> =>
          until(`${topic} lies in ${name}`, async () => {
            const { out } = await samsaSays(
              'reassign-partitions',
              server('--verify', '--reassignment-json-file', home),
            );
            return out.includes(name === 'a' ? 'completed successfully' : `from log dir ${dirOf(name)}`);
          });
        await isAt('a');
        const steps = [
          await run('--verify', '--reassignment-json-file', await move(dirOf('b')), '--preserve-throttles'),
          await run(
            '--execute',
            '--reassignment-json-file',
            await move(dirOf('b')),
            '--replica-alter-log-dirs-throttle',
            '99999',
          ),
        ];
        await isAt('b');
        steps.push(
          await run('--verify', '--reassignment-json-file', await move(dirOf('b'))),
          await run('--cancel', '--reassignment-json-file', await move(dirOf('b'))),
          await run(
            '--generate',
            '--topics-to-move-json-file',
            await file('topics.json', { topics: [{ topic }] }),
            '--broker-list',
            '1',
          ),
        );
        return steps;
      });
      expect(said[1]!.out).toContain(
        `Successfully started moving log directory to ${dirOf('b')} for replica ${OURS}-0`,
      );
      expect(said[2]!.out).toContain(`Reassignment of replica ${OURS}-0-1 completed successfully.`);
    });

    it('when there is no such directory', async () => {
      const path = await plan(OURS, [{ partition: 0, replicas: [1], log_dirs: ['/no/such'] }]);
      const args = server('--execute', '--reassignment-json-file', path);
      const [kafka, ours] = [
        await kafkaSays('reassign-partitions', args),
        await samsaSays('reassign-partitions', args),
      ];
      const cause = 'org.apache.kafka.common.errors.LogDirNotFoundException: ';
      expect({ ...ours, out: ours.out.slice(0, ours.out.indexOf(cause)).trimEnd() }).toEqual(kafka);
    });
  },
);
