import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSame, kafkaSays, samsaSays, type Said } from '../support/both-tools.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';

const DIRECTORY_ID = 'JEXY6aqzQY-32P5TStzaFg';

/** `samsa metadata-quorum` beside Apache Kafka's, on one cluster. */
describe.skipIf(lacks('apache-kafka'))('metadata-quorum says what Kafka says', { timeout: 240_000 }, () => {
  let folder: TemporaryDirectory;
  let cluster: SamsaCluster;
  let server: string[];

  beforeAll(async () => {
    folder = await temporaryDirectory('quorum-tools');
    const args = ['--brokers', '1', '--controllers', '3'];
    cluster = await SamsaCluster.start({ args, dataDir: join(folder.path, 'data'), readyTimeoutMs: 60_000 });
    server = ['--bootstrap-server', cluster.bootstrap];
  });

  afterAll(async () => {
    await cluster?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  const same = (...args: readonly string[]): Promise<Said> => expectSame('metadata-quorum', [...server, ...args]);

  /** A controller's properties, but for those that are undefined. */
  async function properties(changes: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
    const all: Record<string, string | undefined> = {
      'node.id': '9',
      'process.roles': 'controller',
      listeners: 'CONTROLLER://:39999,OTHER://127.0.0.1:39998',
      'controller.listener.names': 'CONTROLLER,OTHER',
      'log.dirs': join(folder.path, 'new'),
      ...changes,
    };
    const lines = Object.entries(all).map(([name, value]) => (value === undefined ? '' : `${name}=${value}\n`));
    const path = join(folder.path, 'controller.properties');
    await writeFile(path, lines.join(''));
    return path;
  }

  it('about arguments that are wrong', async () => {
    for (const line of [
      '',
      'describe',
      'describe --status --replication',
      'describe --status --human-readable',
      'nope',
    ]) {
      expect(await same(...line.split(' ').filter(Boolean))).toMatchObject({ code: 1 });
    }
    await expectSame('metadata-quorum', ['describe', '--status']);
    await same('add-controller');
    await same('remove-controller');
    for (const id of ['x', 'x'.repeat(23), 'x'.repeat(25), 'AAAA']) {
      await same('remove-controller', '--controller-id', '9', '--controller-directory-id', id);
    }
    await same('remove-controller', '--controller-id', '-1', '--controller-directory-id', DIRECTORY_ID);
    await same('remove-controller', '--controller-id', 'x', '--controller-directory-id', DIRECTORY_ID);
  });

  it.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['no id', { 'node.id': undefined }],
    ['a negative id', { 'node.id': '-2' }],
    ['the role of a broker', { 'process.roles': 'broker' }],
    ['no directory', { 'log.dirs': undefined }],
    ['a directory that is not there', { 'metadata.log.dir': '/no/such/directory' }],
    ['no name of a listener', { 'controller.listener.names': undefined }],
    ['a listener that is not there', { 'controller.listener.names': 'CONTROLLER,THIRD' }],
  ])('about a controller with %s', async (_, changes) => {
    await mkdir(join(folder.path, 'new'), { recursive: true });
    await writeFile(
      join(folder.path, 'new/meta.properties'),
      `version=1\ncluster.id=c\nnode.id=9\ndirectory.id=${DIRECTORY_ID}\n`,
    );
    const said = await same('--command-config', await properties(changes), 'add-controller', '--dry-run');
    expect(said.code).toBe(1);
  });

  it('about what would be done', async () => {
    await same('--command-config', await properties(), 'add-controller', '--dry-run');
    const advertised = { 'advertised.listeners': 'CONTROLLER://example.org:1' };
    const said = await same('--command-config', await properties(advertised), 'add-controller', '--dry-run');
    expect(said.out).toContain('endpoints: CONTROLLER://example.org:1, OTHER://127.0.0.1:39998');
    await same('remove-controller', '-i', '9', '-d', DIRECTORY_ID, '--dry-run');
    await same('remove-controller', '-i', '9', '-d', DIRECTORY_ID);
  });

  it('about a vote that is taken and given back', async () => {
    const voters = async (): Promise<string> => {
      const { out } = await samsaSays('metadata-quorum', [...server, 'describe', '--status']);
      return /CurrentVoters:.*/.exec(out)![0];
    };
    const [, directoryId, port] =
      /"id": 103, "directoryId": "([\w-]+)", "endpoints": \["CONTROLLER:\/\/[\d.]+:(\d+)"/.exec(await voters())!;
    const config = await properties({
      'node.id': '103',
      listeners: `CONTROLLER://127.0.0.1:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': join(folder.path, 'data/controller-103'),
    });
    const [kafka, ours] = [[] as Said[], [] as Said[]];
    for (const [says, steps] of [
      [kafkaSays, kafka],
      [samsaSays, ours],
    ] as const) {
      const remove = ['remove-controller', '--controller-id', '103', '--controller-directory-id', directoryId!];
      steps.push(await says('metadata-quorum', [...server, ...remove]));
      await until('103 has no vote', async () => !(await voters()).includes('"id": 103'));
      steps.push(await says('metadata-quorum', [...server, '--command-config', config, 'add-controller']));
      await until('103 votes', async () => (await voters()).includes('"id": 103'));
      steps.push(await says('metadata-quorum', [...server, '--command-config', config, 'add-controller']));
    }
    expect(ours).toEqual(kafka);
    expect(ours.map(({ code }) => code)).toEqual([0, 0, 1]);
  });
});
