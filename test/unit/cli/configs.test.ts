import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as configs } from '../../../extension/cli/configs.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

let cluster: ToolCluster;

beforeEach(async () => {
  cluster = await ToolCluster.start();
});

afterEach(() => cluster.stop());

describe('configs', () => {
  beforeEach(() => {
    cluster.broker.on(
      'DescribeConfigs',
      ({ resources }: { resources: { resourceType: number; resourceName: string }[] }) => ({
        throttleTimeMs: 0,
        results: resources.map(({ resourceType, resourceName }) => ({
          errorCode: 0,
          errorMessage: null,
          resourceType,
          resourceName,
          configs: [
            {
              name: 'retention.ms',
              value: '5',
              readOnly: false,
              configSource: 1,
              isSensitive: false,
              synonyms: [
                { name: 'retention.ms', value: '5', source: 1 },
                { name: 'log.retention.ms', value: null, source: 5 },
              ],
            },
            {
              name: 'cleanup.policy',
              value: 'delete',
              readOnly: false,
              configSource: 5,
              isSensitive: false,
              synonyms: [],
            },
          ],
        })),
      }),
    );
    cluster.broker.on(
      'IncrementalAlterConfigs',
      ({ resources }: { resources: { resourceType: number; resourceName: string }[] }) => ({
        throttleTimeMs: 0,
        responses: resources.map((resource) => ({ errorCode: 0, errorMessage: null, ...resource })),
      }),
    );
  });

  test('describes what was set, or all of it', async () => {
    const own =
      '  retention.ms=5 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5, DEFAULT_CONFIG:log.retention.ms=null}\n';
    expect((await cluster.run(configs, '--describe --topic t')).out).toBe(`Dynamic configs for topic t are:\n${own}`);
    expect((await cluster.run(configs, '--describe --entity-type topics --entity-name t --all')).out).toBe(
      `All configs for topic t are:\n  cleanup.policy=delete sensitive=false synonyms={}\n${own}`,
    );
    expect((await cluster.run(configs, '--describe --broker-defaults')).out).toBe(
      'Default configs for brokers in the cluster are:\n',
    );
    expect((await cluster.run(configs, '--describe --broker 9')).out).toBe(
      "The broker '9' doesn't exist and doesn't have dynamic config.\n",
    );
  });

  test('changes settings', async () => {
    const { out } = await cluster.run(configs, '--alter --topic t --add-config a=1,b=[x,y] --delete-config c,d');
    expect(out).toBe('Completed updating config for topic t.\n');
    const [{ configs: sent }] = cluster.broker.requests('IncrementalAlterConfigs')[0]!.body.resources;
    expect(
      sent.map(({ name, value, configOperation }: { name: string; value: string | null; configOperation: number }) => [
        name,
        value,
        configOperation,
      ]),
    ).toEqual([
      ['a', '1', 0],
      ['b', 'x,y', 0],
      ['c', null, 1],
      ['d', null, 1],
    ]);
    expect((await cluster.run(configs, '--alter --broker-defaults --add-config a=1')).out).toBe(
      'Completed updating default config for brokers in the cluster.\n',
    );
  });

  test('shows and changes quotas', async () => {
    cluster.broker
      .on('DescribeClientQuotas', () => ({
        throttleTimeMs: 0,
        errorCode: 0,
        errorMessage: null,
        entries: [
          {
            entity: [
              { entityType: 'user', entityName: 'u' },
              { entityType: 'client-id', entityName: null },
            ],
            values: [
              { key: 'producer_byte_rate', value: 1000 },
              { key: 'consumer_byte_rate', value: 0.5 },
            ],
          },
        ],
      }))
      .on('AlterClientQuotas', () => ({
        throttleTimeMs: 0,
        entries: [{ errorCode: 0, errorMessage: null, entity: [] }],
      }));
    expect((await cluster.run(configs, '--describe --user u --client-defaults')).out).toBe(
      "Quota configs for user-principal 'u', the default client-id are consumer_byte_rate=0.5, producer_byte_rate=1000.0\n",
    );
    await cluster.run(configs, '--alter --user u --add-config producer_byte_rate=5 --delete-config consumer_byte_rate');
    expect(cluster.broker.requests('AlterClientQuotas')[0]!.body.entries[0]).toMatchObject({
      entity: [{ entityType: 'user', entityName: 'u' }],
      ops: [
        { key: 'producer_byte_rate', value: 5, remove: false },
        { key: 'consumer_byte_rate', remove: true },
      ],
    });
  });

  test('never sends a password', async () => {
    cluster.broker.on('AlterUserScramCredentials', () => ({
      throttleTimeMs: 0,
      results: [{ user: 'u', errorCode: 0, errorMessage: null }],
    }));
    const { out } = await cluster.run(
      configs,
      '--alter --user u --add-config SCRAM-SHA-256=[iterations=4096,password=secret]',
    );
    expect(out).toBe('Completed updating config for user u.\n');
    const [upsertion] = cluster.broker.requests('AlterUserScramCredentials')[0]!.body.upsertions;
    expect(upsertion).toMatchObject({ name: 'u', mechanism: 1, iterations: 4096 });
    expect(upsertion.saltedPassword).toHaveLength(32);
  });

  test.each([
    ['--describe', 'At least one entity type must be specified'],
    ['--describe --entity-type nope', 'Invalid entity type nope'],
    ['--alter --topic t', 'At least one of --add-config, --add-config-file, or --delete-config'],
    ['--alter --broker x --add-config a=1', 'must be a valid integer broker id, but it is: x'],
    ['--alter --topic t --add-config a', 'key=val'],
    ['--describe --topic t --broker 1', 'may be named together'],
    ['--alter --user u --add-config SCRAM-SHA-256=x', 'Write SCRAM-SHA-256 as'],
    ['--alter --user u --add-config producer_byte_rate=fast', 'Cannot parse quota configuration value'],
  ])('refuses %j', async (args, text) => {
    const { code, err } = await cluster.run(configs, args);
    expect(code).toBe(1);
    expect(err).toContain(text);
  });
});
