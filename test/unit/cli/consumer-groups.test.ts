import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run as groups } from '../../../extension/cli/consumer-groups.ts';
import { encodeAssignment, encodeSubscription } from '../../../extension/client/consumer-protocol.ts';
import { named, ToolCluster } from '../../support/tool-cluster.ts';

let cluster: ToolCluster;

beforeEach(async () => {
  cluster = await ToolCluster.start();
});

afterEach(() => cluster.stop());

describe('consumer-groups', () => {
  beforeEach(() => {
    const [first] = cluster.topics.add('t', 2);
    cluster.topics.append(first!, named('a', 'b', 'c'));
    cluster.broker
      .on('FindCoordinator', ({ coordinatorKeys }: { coordinatorKeys: string[] }) => ({
        coordinators: coordinatorKeys.map((key) => ({
          key,
          nodeId: 1,
          host: '127.0.0.1',
          port: cluster.broker.port,
          errorCode: 0,
          errorMessage: null,
        })),
      }))
      .on('ListGroups', () => ({
        errorCode: 0,
        groups: [
          { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'Classic' },
          { groupId: 'share', protocolType: 'share', groupState: 'Stable', groupType: 'Share' },
        ],
      }))
      .on('DescribeGroups', ({ groups: [groupId] }: { groups: string[] }) => ({
        groups: [
          {
            errorCode: groupId === 'gone' ? 69 : 0,
            errorMessage: groupId === 'gone' ? 'Group gone not found.' : null,
            groupId,
            groupState: groupId === 'idle' ? 'Empty' : 'Stable',
            protocolType: 'consumer',
            protocolData: 'range',
            members:
              groupId === 'idle'
                ? []
                : [
                    {
                      memberId: 'member',
                      clientId: 'client',
                      clientHost: '/127.0.0.1',
                      memberMetadata: encodeSubscription(['t']),
                      memberAssignment: encodeAssignment([{ topic: 't', partition: 0 }]),
                    },
                  ],
          },
        ],
      }))
      .on('OffsetFetch', ({ groups: [group] }: { groups: { groupId: string }[] }) => ({
        groups: [
          {
            groupId: group!.groupId,
            topics: [
              {
                name: 't',
                partitions: [
                  { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: 4, metadata: '', errorCode: 0 },
                  { partitionIndex: 1, committedOffset: 0, metadata: '', errorCode: 0 },
                ],
              },
            ],
          },
        ],
      }));
  });

  test('lists groups of consumers', async () => {
    expect((await cluster.run(groups, '--list')).out).toBe('g\n');
    expect((await cluster.run(groups, '--list --state --type')).out).toBe(
      'GROUP                     TYPE                 STATE               \n' +
        'g                         Classic              Stable              \n',
    );
    expect(await cluster.run(groups, '--list --state nope')).toMatchObject({
      code: 1,
      err: expect.stringContaining("Invalid state list 'nope'"),
    });
  });

  test('describes offsets, members and state', async () => {
    expect((await cluster.run(groups, '--describe --group g')).out).toBe(
      [
        '',
        'GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID',
        'g               t               0          1               3               2               member          /127.0.0.1      client',
        'g               t               1          0               0               0               -               -               -',
        '',
      ].join('\n'),
    );
    expect((await cluster.run(groups, '--describe --group g --members --verbose')).out.split('\n')[2]).toBe(
      'g               member          /127.0.0.1      client          1               -               t:0                  -               -                   ',
    );
    expect((await cluster.run(groups, '--describe --all-groups --state')).out.split('\n')[2]).toBe(
      `g               ${`127.0.0.1:${cluster.broker.port}  (1)`.padEnd(25)} range                Stable               1`,
    );
    const idle = await cluster.run(groups, '--describe --group idle --state');
    expect(idle.err).toBe("\nConsumer group 'idle' has no active members.\n");
  });

  test('says that a group is not there', async () => {
    expect(await cluster.run(groups, '--describe --group gone')).toEqual({
      code: 0,
      out: '\nError: Executing consumer group command failed due to org.apache.kafka.common.errors.GroupIdNotFoundException: Group gone not found.\n',
      err: '',
    });
  });

  test('resets offsets, shown or done', async () => {
    cluster.broker.on('OffsetCommit', () => ({
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 0 }] }],
    }));
    const table = (offset: number): string =>
      [
        '',
        'GROUP           TOPIC           PARTITION  NEW-OFFSET',
        `idle            t               0          ${offset}`,
        '',
      ].join('\n');
    expect(await cluster.run(groups, '--reset-offsets --group idle --topic t:0 --to-latest --dry-run')).toEqual({
      code: 0,
      out: table(3),
      err: '',
    });
    expect(cluster.broker.requests('OffsetCommit')).toHaveLength(0);
    expect((await cluster.run(groups, '--reset-offsets --group idle --topic t:0 --shift-by 1 --execute')).out).toBe(
      table(2),
    );
    expect(cluster.broker.requests('OffsetCommit')[0]!.body.topics[0].partitions[0].committedOffset).toBe(2);
    const clamped = await cluster.run(groups, '--reset-offsets --group idle --topic t:0 --to-offset 99 --execute');
    expect(clamped.err).toContain(
      'New offset (99) is higher than latest offset for topic partition t-0. Value will be set to 3',
    );
    const exported = await cluster.run(
      groups,
      '--reset-offsets --group idle --topic t --to-earliest --export --dry-run',
    );
    expect(exported.out.split('\n').sort()).toEqual(['', '', 't,0,0', 't,1,0']);
    const path = cluster.file('offsets.csv', exported.out);
    expect(
      (await cluster.run(groups, `--reset-offsets --group idle --from-file ${path} --dry-run`)).out.split('\n'),
    ).toHaveLength(5);
  });

  test('does not touch a group that is at work', async () => {
    const { out } = await cluster.run(groups, '--reset-offsets --group g --topic t --to-latest --execute');
    expect(out).toContain(
      "Assignments can only be reset if the group 'g' is inactive, but the current state is Stable.",
    );
  });

  test('deletes groups, and offsets of topics', async () => {
    cluster.broker.on('DeleteGroups', ({ groupsNames: [groupId] }: { groupsNames: string[] }) => ({
      throttleTimeMs: 0,
      results: [{ groupId, errorCode: groupId === 'busy' ? 68 : 0 }],
    }));
    cluster.broker.on('OffsetDelete', () => ({
      errorCode: 0,
      throttleTimeMs: 0,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 0 }] }],
    }));
    expect((await cluster.run(groups, '--delete --group a --group b')).out).toBe(
      "Deletion of requested consumer groups ('a', 'b') was successful.\n",
    );
    const { out } = await cluster.run(groups, '--delete --group a --group busy');
    expect(out).toContain(
      "* Group 'busy' could not be deleted due to: org.apache.kafka.common.errors.GroupNotEmptyException",
    );
    expect(out).toContain("These consumer groups were deleted successfully: 'a'");
    expect((await cluster.run(groups, '--delete-offsets --group idle --topic t:0')).out).toBe(
      'Request succeeded for deleting offsets from group idle.\n\n' +
        'TOPIC           PARTITION  STATUS         \nt               0          Successful     \n',
    );
  });

  test.each([
    ['', 'exactly one action'],
    ['--describe', 'takes one of these options: [group], [all-groups]'],
    ['--describe --group g --members --state', 'at most one of these'],
    ['--delete', 'Option [delete] takes one of these'],
    ['--reset-offsets --group g --topic t', 'needs one of these'],
    ['--reset-offsets --group g --topic t --to-latest --to-earliest', "can't be used with option"],
    ['--reset-offsets --group idle --to-latest', 'One of the reset scopes should be defined'],
    ['--reset-offsets --group g --topic t --to-latest --dry-run --execute', 'only accepts one of'],
    ['--delete-offsets --group g', 'takes the following options: [group], [topic]'],
    ['--list --delete', "can't be used with option"],
  ])('refuses %j', async (args, text) => {
    const { code, err } = await cluster.run(groups, args);
    expect(code).toBe(1);
    expect(err).toContain(text);
  });
});
