import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPairs, kafkaSays, samsaSays, type Said } from '../support/both-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { lacks } from '../support/tools.ts';

/** `samsa features` beside Apache Kafka's, on one cluster. */
describe.skipIf(lacks('apache-kafka'))('features says what Kafka says', { timeout: 240_000 }, () => {
  let cluster: SamsaCluster;
  let server: string;
  let controller: string;

  beforeAll(async () => {
    cluster = await SamsaCluster.start();
    server = `--bootstrap-server ${cluster.bootstrap}`;
    const { out } = await samsaSays('metadata-quorum', [...server.split(' '), 'describe', '--status']);
    controller = `--bootstrap-controller ${/CONTROLLER:\/\/([\d.:]+)/.exec(out)![1]!}`;
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  /** The epoch of features grows with every record, also with those that say nothing. */
  const timeless = (said: Said): Said => ({ ...said, out: said.out.replace(/Epoch: \d+/g, 'Epoch: n') });

  async function same(line: string): Promise<Said> {
    const args = line === '' ? [] : line.split(' ');
    const kafka = timeless(await kafkaSays('features', args));
    const ours = timeless(await samsaSays('features', args));
    expect({ line, ...ours }).toEqual({ line, ...kafka });
    return ours;
  }

  it('about arguments that are wrong', async () => {
    const lines = [
      '',
      'nope',
      'describe',
      'feature-dependencies',
      `describe ${server}`,
      `${server} ${controller} describe`,
    ];
    await inPairs(lines, async (line) => expect(await same(line)).toMatchObject({ code: 1 }));
    const levels = [
      'x',
      'x=y',
      'share.version=99999',
      '=5',
      'share.version=-1',
      'share.version=0',
      'a=1 --feature a=2',
    ];
    const refused = [
      ...['describe --node-id -1', 'upgrade', 'downgrade', 'disable'],
      ...levels.map((level) => `upgrade --feature ${level}`),
      'upgrade --release-version 4.3 --feature share.version=1',
      'upgrade --metadata 9.9',
    ];
    await inPairs(refused, (line) => same(`${server} ${line}`));
    const helps = [await kafkaSays('features', ['--help']), await samsaSays('features', ['--help'])];
    expect(helps[1]?.code).toBe(helps[0]?.code);
  });

  it('about the mapping of releases', async () => {
    const releases = ['3.9', '4.0-IV3', '3.3-IV3', '3.0'].map((release) => ` --release-version ${release}`);
    await inPairs(['', ...releases], (release) => same(`version-mapping${release}`));
  });

  it('about dependencies', async () => {
    const features = [
      'metadata.version=25',
      'group.version=1',
      'eligible.leader.replicas.version=1',
      'share.version=0',
    ];
    await same(`feature-dependencies ${features.map((feature) => `--feature ${feature}`).join(' ')}`);
    const wrong = ['nope=1', 'metadata.version=99', 'kraft.version=5'];
    await inPairs(wrong, (feature) => same(`feature-dependencies --feature ${feature}`));
  });

  it('about the features of a cluster', async () => {
    for (const who of [server, controller]) await same(`${who} describe`);
    expect((await same(`${server} describe --node-id 1`)).out).toContain('FinalizedVersionLevel: 4.3-IV0');
  });

  it('about changes', async () => {
    await same(`${server} upgrade --release-version 4.3 --dry-run`);
    await same(`${server} upgrade --release-version 3.4 --dry-run`);
    await same(`${server} upgrade --metadata 4.3 --feature share.version=1`);
    await same(`${server} upgrade --feature nope=1`);
    await same(`${server} downgrade --release-version 4.0 --dry-run`);
    await same(`${server} downgrade --release-version 3.4`);
    await same(`${server} downgrade --metadata 3.3-IV3 --unsafe --dry-run`);
    await same(`${controller} downgrade --feature share.version=0 --feature streams.version=0 --dry-run`);
    await same(`${server} disable --feature metadata.version --feature share.version`);
    await same(`${server} disable --feature share.version --unsafe`);
    expect((await same(`${server} describe`)).out).toMatch(/Feature: share.version .* FinalizedVersionLevel: 0 /);
    await same(`${server} upgrade --feature share.version=1`);
  });
});
