import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryIdOf, newControllerOf } from '../../../extension/cli/controller-properties.ts';
import { run as metadataQuorum } from '../../../extension/cli/metadata-quorum.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { runTool } from '../../support/run-tool.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

const ID = 'JEXY6aqzQY-32P5TStzaFg';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'samsa-controller-'));
  writeFileSync(join(directory, 'meta.properties'), `version=1\ncluster.id=c\nnode.id=4\ndirectory.id=${ID}\n`);
});

afterEach(() => rmSync(directory, { recursive: true }));

const controller = (changes: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> =>
  new Map(
    Object.entries({
      'node.id': '4',
      'process.roles': 'broker, controller',
      'log.dirs': `${directory},/elsewhere`,
      listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093,SSL_CONTROLLER://[::1]:9094',
      'advertised.listeners': 'PLAINTEXT://a:9092,SSL_CONTROLLER://b:9095',
      'controller.listener.names': 'CONTROLLER,SSL_CONTROLLER',
      ...changes,
    }),
  );

describe('the properties of a controller', () => {
  test('name its directory and where it is reached', () => {
    expect(newControllerOf(controller())).toEqual({
      nodeId: 4,
      directoryId: ID,
      endpoints: [
        { name: 'CONTROLLER', host: 'localhost', port: 9093 },
        { name: 'SSL_CONTROLLER', host: 'b', port: 9095 },
      ],
    });
    const bound = controller({ 'advertised.listeners': '', 'controller.listener.names': 'SSL_CONTROLLER' });
    expect(newControllerOf(bound).endpoints).toEqual([{ name: 'SSL_CONTROLLER', host: '::1', port: 9094 }]);
  });

  test('may lack an id of the directory', () => {
    writeFileSync(join(directory, 'meta.properties'), 'version=1\ncluster.id=c\nnode.id=4\n');
    expect(() => newControllerOf(controller())).toThrow(`No directory id found in ${directory}`);
    writeFileSync(join(directory, 'meta.properties'), 'version=1\n');
    expect(() => newControllerOf(controller())).toThrow(`Unable to read meta.properties from ${directory}: `);
  });

  test('may be wrong', () => {
    expect(() => newControllerOf(controller({ listeners: 'here' }))).toThrow("'here' is not a listener");
    expect(() => newControllerOf(controller({ 'node.id': 'x' }))).toThrow('For input string: "x"');
    expect(() => newControllerOf(controller({ 'controller.listener.names': 'X' }))).toThrow('listener name: X');
  });
});

test('a directory id is 16 bytes in base64', () => {
  expect(directoryIdOf(ID)).toBe(ID);
  for (const text of ['x', 'AAAA', 'A'.repeat(25), '!'.repeat(22)]) {
    expect(() => directoryIdOf(text)).toThrow('Failed to parse --controller-directory-id: ');
  }
});

describe('metadata-quorum', () => {
  let cluster: ToolCluster;
  const run = (line: string) => runTool(metadataQuorum, `--bootstrap-server ${cluster.broker.address} ${line}`);

  beforeEach(async () => {
    cluster = await ToolCluster.start();
  });

  afterEach(() => cluster.stop());

  test('gives a vote', async () => {
    cluster.broker.on('AddRaftVoter', () => ({ throttleTimeMs: 0, errorCode: 0, errorMessage: null }));
    const lines = [...controller()].map(([name, value]) => `${name}=${value}`);
    const config = cluster.file('controller.properties', lines.join('\n'));
    const what = `controller 4 with directory id ${ID} and endpoints: CONTROLLER://localhost:9093, SSL_CONTROLLER://b:9095`;
    expect(await run(`--command-config ${config} add-controller --dry-run`)).toEqual({
      code: 0,
      out: `DRY RUN of adding ${what}\n`,
      err: '',
    });
    expect(cluster.broker.requests('AddRaftVoter')).toHaveLength(0);
    expect((await run(`--command-config ${config} add-controller`)).out).toBe(`Added ${what}\n`);
    expect(cluster.broker.requests('AddRaftVoter')[0]!.body).toMatchObject({
      voterId: 4,
      voterDirectoryId: ID,
      listeners: [{ name: 'CONTROLLER' }, { name: 'SSL_CONTROLLER', host: 'b', port: 9095 }],
    });
  });

  test('takes a vote, unless there is none', async () => {
    const codes = [ErrorCode.NONE, ErrorCode.VOTER_NOT_FOUND];
    cluster.broker.on('RemoveRaftVoter', () => ({ throttleTimeMs: 0, errorCode: codes.shift(), errorMessage: null }));
    expect(await run(`remove-controller -i 4 -d ${ID}`)).toEqual({
      code: 0,
      out: `Removed  KRaft controller 4 with directory id ${ID}\n`,
      err: '',
    });
    expect(await run(`remove-controller -i 4 -d ${ID}`)).toEqual({
      code: 1,
      out: '',
      err: 'org.apache.kafka.common.errors.VoterNotFoundException: The voter is not part of the set of voters.\n',
    });
  });

  test('wants to know what to describe', async () => {
    expect((await run('describe')).err).toContain('One of --status or --replication must be specified');
    expect((await run('--command-config /no/such describe --status')).err).toBe(
      'Properties file /no/such does not exists!\n',
    );
  });
});
