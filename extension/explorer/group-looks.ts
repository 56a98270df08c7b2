import { formatCount, formatRanges, plural } from '../shared/format.ts';
import { t } from '../settings/localize.ts';
import type { GroupFacts, GroupOffsetFacts, MemberFacts } from './explorer-source.ts';
import { factSheet } from './markdown.ts';
import type { NodeSpec } from './tree-node.ts';

export function groupsSpec(count: number | undefined): NodeSpec {
  return {
    key: 'groups',
    target: { kind: 'groups' },
    look: {
      label: t('Consumer groups'),
      contextValue: 'groups',
      icon: 'organization',
      ...(count === undefined ? {} : { description: formatCount(count) }),
    },
    children: 'collapsed',
  };
}

export function groupSpec(group: GroupFacts): NodeSpec {
  return {
    key: group.group,
    target: { kind: 'group', group: group.group },
    look: {
      label: group.group,
      description: [group.state, group.lag === undefined ? group.type : t('lag {0}', formatCount(group.lag))].join(
        ' · ',
      ),
      contextValue: 'group',
      icon: 'organization',
      ...(group.state === 'Dead' ? { iconColor: 'charts.red' } : {}),
      tooltip: factSheet(group.group, [
        [t('State'), group.state],
        [t('Protocol'), group.type],
        [t('Lag'), group.lag === undefined ? undefined : formatCount(group.lag)],
      ]),
    },
    children: 'collapsed',
  };
}

export function membersSpec(group: string, members: readonly MemberFacts[]): NodeSpec {
  return {
    key: 'members',
    target: { kind: 'members', group },
    look: { label: t('Members'), description: formatCount(members.length), contextValue: 'members', icon: 'person' },
    children: 'collapsed',
  };
}

export function memberSpec(member: MemberFacts): NodeSpec {
  const count = member.assignment.reduce((sum, { partitions }) => sum + partitions.length, 0);
  return {
    key: member.memberId,
    target: { kind: 'member' },
    look: {
      label: member.clientId === '' ? member.memberId : member.clientId,
      description: `${member.host.replace(/^\//, '')} · ${plural(count, 'partition')}`,
      contextValue: 'member',
      icon: 'person',
      tooltip: factSheet(member.memberId, [
        [t('Client'), member.clientId],
        [t('Host'), member.host.replace(/^\//, '')],
        [t('Instance'), member.instanceId ?? undefined],
        ...member.assignment.map(({ topic, partitions }) => [topic, formatRanges(partitions)] as const),
      ]),
    },
    children: 'none',
  };
}

export function groupOffsetsSpec(group: string, offsets: readonly GroupOffsetFacts[]): NodeSpec {
  const known = offsets.filter(({ lag }) => lag !== undefined);
  const lag = known.reduce((sum, each) => sum + (each.lag ?? 0), 0);
  return {
    key: 'offsets',
    target: { kind: 'group-offsets', group },
    look: {
      label: t('Offsets'),
      description: [
        plural(offsets.length, 'partition'),
        ...(known.length === 0 ? [] : [t('lag {0}', formatCount(lag))]),
      ].join(' · '),
      contextValue: 'group-offsets',
      icon: 'bookmark',
    },
    children: offsets.length === 0 ? 'none' : 'collapsed',
  };
}

export function groupOffsetSpec(offset: GroupOffsetFacts): NodeSpec {
  const label = `${offset.topic}-${offset.partition}`;
  return {
    key: label,
    target: { kind: 'group-offset', topic: offset.topic, partition: offset.partition },
    look: {
      label,
      description: [
        t('at {0}', formatCount(offset.committed)),
        ...(offset.lag === undefined ? [] : [t('lag {0}', formatCount(offset.lag))]),
      ].join(' · '),
      contextValue: 'group-offset',
      icon: 'layers',
      tooltip: factSheet(label, [
        [t('Committed offset'), formatCount(offset.committed)],
        [t('Lag'), offset.lag === undefined ? undefined : formatCount(offset.lag)],
        [t('Metadata'), offset.metadata],
      ]),
    },
    children: 'none',
  };
}
