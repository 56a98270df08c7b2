import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endpointTable, run as clusterTool } from '../../../extension/cli/cluster.ts';
import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { runTool } from '../../support/run-tool.ts';
import { ToolCluster } from '../../support/tool-cluster.ts';

describe('cluster', () => {
  let cluster: ToolCluster;
  const run = (command: string, more = '') =>
    runTool(clusterTool, `${command} --bootstrap-server ${cluster.broker.address} ${more}`);

  beforeEach(async () => {
    cluster = await ToolCluster.start();
  });

  afterEach(() => cluster.stop());

  test('tells the id', async () => {
    expect(await run('cluster-id')).toEqual({ code: 0, out: 'Cluster ID: fake-cluster\n', err: '' });
    const config = cluster.file('c.properties', 'client.id=me');
    expect(await run('cluster-id', `--config ${config}`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Option --config has been deprecated.*\nCluster ID: /),
    });
  });

  test('unregisters a broker, unless there is none', async () => {
    const answers = [
      { errorCode: ErrorCode.NONE, errorMessage: null },
      { errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED, errorMessage: null },
      { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage: null },
    ];
    cluster.broker.on('UnregisterBroker', () => ({ throttleTimeMs: 0, ...answers.shift() }));
    expect(await run('unregister', '--id 7')).toEqual({ code: 0, out: 'Broker 7 is no longer registered.\n', err: '' });
    expect(cluster.broker.requests('UnregisterBroker')[0]!.body).toMatchObject({ brokerId: 7 });
    expect(await run('unregister', '--id 7')).toEqual({
      code: 1,
      out: '',
      err: 'org.apache.kafka.common.errors.BrokerIdNotRegisteredException: The given broker ID was not registered.\n',
    });
    expect(await run('unregister', '--id 7')).toMatchObject({
      code: 1,
      err: 'The target cluster does not support the broker unregistration API.\n',
    });
  });

  test('aligns endpoints by the longest host and rack', () => {
    const node = (id: number, host: string, rack: string | null, isFenced = false) => ({
      id,
      host,
      port: 9092,
      rack,
      isFenced,
    });
    expect(endpointTable([node(1, 'a.example', 'r'), node(2, 'b', null, true)], true).split('\n')).toEqual([
      'ID         HOST      PORT       RACK STATE      ENDPOINT_TYPE  ',
      '1          a.example 9092       r unfenced   broker         ',
      '2          b         9092       null fenced     broker         ',
    ]);
    expect(endpointTable([node(101, 'a', null)], false).split('\n')).toEqual([
      'ID         HOST PORT       RACK       ENDPOINT_TYPE  ',
      '101        a 9092       null       controller     ',
    ]);
  });
});
