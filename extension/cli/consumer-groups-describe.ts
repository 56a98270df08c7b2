import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import type { CommittedOffset } from '../client/admin/group-offsets.ts';
import type { GroupDescription, GroupMember } from '../client/admin/groups.ts';
import { byTopic, partitionName, type TopicPartition } from '../client/leader-routing.ts';
import type { ToolIo } from './tool-io.ts';
import { columns, table } from './text-table.ts';
import { print } from './tool-io.ts';

export type GroupReport = 'offsets' | 'members' | 'state';

/** Prints one group; what its state means goes to stderr. */
export async function describeGroup(
  admin: Admin,
  groupId: string,
  report: GroupReport,
  isVerbose: boolean,
  io: ToolIo,
): Promise<void> {
  const group = await admin.describeGroup(groupId);
  explainState(group, io.stderr);
  if (group.state === 'Dead') return;
  if (report === 'state') print(io.stdout, stateTable(group, isVerbose));
  else if (report === 'members') print(io.stdout, membersTable(group, isVerbose));
  else {
    const rows = await offsetRows(admin, group);
    if (rows.length > 0) print(io.stdout, offsetsTable(rows, isVerbose));
  }
}

function explainState({ groupId, state }: GroupDescription, err: Writable): void {
  switch (state) {
    case 'Dead':
      return print(err, `\nConsumer group '${groupId}' does not exist.`);
    case 'Empty':
      return print(err, `\nConsumer group '${groupId}' has no active members.`);
    case 'PreparingRebalance':
    case 'CompletingRebalance':
    case 'Assigning':
    case 'Reconciling':
      return print(err, `\nWarning: Consumer group '${groupId}' is rebalancing.`);
    default:
      return undefined;
  }
}

function stateTable(group: GroupDescription, isVerbose: boolean): string {
  const { groupId, coordinator, assignor, state, epoch, targetEpoch, members } = group;
  const address = `${coordinator.host}:${coordinator.port}  (${coordinator.id})`;
  const epochs = isVerbose ? [text(epoch), text(targetEpoch)] : [];
  return table(
    columns(
      ['GROUP', 15],
      ['COORDINATOR (ID)', 25],
      ['ASSIGNMENT-STRATEGY', 20],
      ['STATE', 20],
      ...(isVerbose
        ? ([
            ['GROUP-EPOCH', 15],
            ['TARGET-ASSIGNMENT-EPOCH', 25],
          ] as const)
        : []),
      ['#MEMBERS', 8],
    ),
    [[groupId, address, assignor === '' ? '-' : assignor, state, ...epochs, String(members.length)]],
  );
}

function membersTable({ groupId, members, type }: GroupDescription, isVerbose: boolean): string {
  const hasInstances = members.some(({ instanceId }) => instanceId !== null);
  const sorted = [...members].sort((a, b) => b.assignment.length - a.assignment.length);
  const rows = sorted.map((member) => [
    groupId,
    member.memberId,
    ...(hasInstances ? [member.instanceId ?? ''] : []),
    member.host,
    member.clientId,
    String(member.assignment.length),
    ...(isVerbose ? epochsAndAssignments(member, type) : []),
  ]);
  return table(
    columns(
      ['GROUP', 15],
      ['CONSUMER-ID', 15],
      ...(hasInstances ? ([['GROUP-INSTANCE-ID', 17]] as const) : []),
      ['HOST', 15],
      ['CLIENT-ID', 15],
      ['#PARTITIONS', 15],
      ...(isVerbose
        ? ([
            ['CURRENT-EPOCH', 15],
            ['CURRENT-ASSIGNMENT', 20],
            ['TARGET-EPOCH', 15],
            ['TARGET-ASSIGNMENT', 20],
          ] as const)
        : []),
    ),
    rows,
    isVerbose ? '' : ' ',
  );
}

function epochsAndAssignments(member: GroupMember, type: GroupDescription['type']): string[] {
  const isConsumer = type === 'consumer';
  return [
    text(member.epoch),
    assignmentText(member.assignment),
    isConsumer ? text(member.epoch) : '-',
    assignmentText(member.targetAssignment ?? []),
  ];
}

/** `topic:0,1;other:2`, or `-`. */
function assignmentText(partitions: readonly TopicPartition[]): string {
  const topics = [...byTopic(partitions)].sort(([a], [b]) => (a < b ? -1 : 1));
  const list = topics.map(([topic, items]) => {
    const numbers = items.map(({ partition }) => partition).sort((a, b) => a - b);
    return `${topic}:${numbers.join(',')}`;
  });
  return list.length === 0 ? '-' : list.join(';');
}

interface OffsetRow {
  readonly groupId: string;
  readonly item: TopicPartition | undefined;
  readonly committed: CommittedOffset | undefined;
  readonly end: number | undefined;
  readonly member: GroupMember | undefined;
}

/** A row per assigned partition, then the partitions that nobody reads but that have offsets. */
async function offsetRows(admin: Admin, group: GroupDescription): Promise<OffsetRow[]> {
  const { groupId } = group;
  const committed = (await admin.listGroupOffsets(groupId)).filter(({ offset }) => offset >= 0);
  const commits = new Map(committed.map((commit) => [partitionName(commit), commit]));
  const assigned = [...group.members]
    .sort((a, b) => b.assignment.length - a.assignment.length)
    .flatMap((member) => {
      const partitions = member.assignment.length > 0 ? sorted(member.assignment) : [undefined];
      return partitions.map((item) => ({ item, member }));
    });
  const taken = new Set(assigned.flatMap(({ item }) => (item === undefined ? [] : [partitionName(item)])));
  const free = sorted(committed.filter((commit) => !taken.has(partitionName(commit))));
  const rows = [...assigned, ...free.map((item) => ({ item, member: undefined }))];
  const partitions = rows.flatMap(({ item }) => (item === undefined ? [] : [item]));
  const ends = await admin.listOffsets(
    partitions.map(({ topic, partition }) => ({ topic, partition, spec: 'latest' })),
  );
  const endOf = new Map(ends.map((end) => [partitionName(end), end.value?.offset]));
  return rows.map(({ item, member }) => {
    const name = item === undefined ? '' : partitionName(item);
    return { groupId, item, member, committed: commits.get(name), end: endOf.get(name) };
  });
}

function sorted(partitions: readonly TopicPartition[]): TopicPartition[] {
  return [...partitions].sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

function offsetsTable(rows: readonly OffsetRow[], isVerbose: boolean): string {
  const cells = rows.map(({ groupId, item, committed, end, member }) => {
    const epoch = committed === undefined || committed.leaderEpoch < 0 ? null : committed.leaderEpoch;
    return [
      groupId,
      item?.topic ?? '-',
      text(item?.partition),
      ...(isVerbose ? [text(epoch)] : []),
      text(committed?.offset),
      text(end),
      text(committed === undefined || end === undefined ? undefined : end - committed.offset),
      member?.memberId ?? '-',
      member?.host ?? '-',
      member?.clientId ?? '-',
    ];
  });
  return table(
    columns(
      ['GROUP', 15],
      ['TOPIC', 15],
      ['PARTITION', 10],
      ...(isVerbose ? ([['LEADER-EPOCH', 15]] as const) : []),
      ['CURRENT-OFFSET', 15],
      ['LOG-END-OFFSET', 15],
      ['LAG', 15],
      ['CONSUMER-ID', 15],
      ['HOST', 15],
      ['CLIENT-ID', 9],
    ),
    cells,
  );
}

function text(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : String(value);
}
