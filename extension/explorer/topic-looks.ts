import { formatBytes, formatCount, formatShortCount, formatTime, plural } from '../shared/format.ts';
import type { SegmentFile, SegmentState } from '../shared/cluster-protocol.ts';
import { t } from '../settings/localize.ts';
import type { OffsetRange, PartitionFacts, TopicFacts } from './explorer-source.ts';
import { factSheet } from './markdown.ts';
import type { NodeLook, NodeSpec } from './tree-node.ts';

export function topicsSpec(shown: number | undefined, hidden: number): NodeSpec {
  return {
    key: 'topics',
    target: { kind: 'topics' },
    look: {
      label: t('Topics'),
      contextValue: 'topics',
      icon: 'library',
      ...(shown === undefined ? {} : { description: formatCount(shown) }),
      ...(hidden === 0 ? {} : { tooltip: factSheet(t('Topics'), [[t('Internal, not shown'), formatCount(hidden)]]) }),
    },
    children: 'expanded',
  };
}

/** Records of the partitions whose ends are known; undefined when none is. */
function recordsOf(offsets: ReadonlyMap<number, OffsetRange> | undefined): number | undefined {
  if (offsets === undefined || offsets.size === 0) return undefined;
  let records = 0;
  for (const { start, end } of offsets.values()) records += end - start;
  return records;
}

export function topicSpec(topic: TopicFacts, offsets: ReadonlyMap<number, OffsetRange> | undefined): NodeSpec {
  const leaderless = topic.partitions.filter((partition) => isLeaderless(partition));
  const behind = topic.partitions.filter((partition) => isBehind(partition));
  const records = recordsOf(offsets);
  const facts = [plural(topic.partitions.length, 'partition')];
  if (topic.error !== undefined) facts.splice(0, 1, topic.error);
  else if (leaderless.length > 0) facts.unshift(t('{0} without leader', leaderless.length));
  else if (behind.length > 0) facts.unshift(t('{0} under-replicated', behind.length));
  else if (records !== undefined) facts.push(describeRecords(records));
  const replication = topic.partitions[0]?.replicas.length;
  return {
    key: topic.topic,
    target: { kind: 'topic', topic: topic.topic },
    look: {
      label: topic.topic,
      description: facts.join(' · '),
      contextValue: topic.isInternal ? 'topic.internal' : 'topic',
      icon: 'symbol-array',
      ...trouble(leaderless.length > 0 || topic.error !== undefined, behind.length > 0),
      ...(topic.isInternal ? { dimmed: true } : {}),
      tooltip: factSheet(topic.topic, [
        [t('Partitions'), formatCount(topic.partitions.length)],
        [t('Replication factor'), replication === undefined ? undefined : formatCount(replication)],
        [t('Records'), records === undefined ? undefined : formatCount(records)],
        [t('Without leader'), leaderless.map(({ partition }) => partition).join(', ')],
        [t('Under-replicated'), behind.map(({ partition }) => partition).join(', ')],
        [t('Kind'), topic.isInternal ? t("internal, Kafka's own") : undefined],
        [t('Error'), topic.error],
      ]),
    },
    children: topic.partitions.length === 0 ? 'none' : 'collapsed',
  };
}

function describeRecords(records: number): string {
  if (records === 0) return t('empty');
  return records === 1 ? t('1 record') : t('{0} records', formatShortCount(records));
}

function isLeaderless({ leader, isLeaderDown }: PartitionFacts): boolean {
  return leader < 0 || isLeaderDown === true;
}

function isBehind(partition: PartitionFacts): boolean {
  return !isLeaderless(partition) && partition.isr.length < partition.replicas.length;
}

function trouble(isRed: boolean, isYellow: boolean): Pick<NodeLook, 'iconColor'> {
  if (isRed) return { iconColor: 'charts.red' };
  return isYellow ? { iconColor: 'charts.yellow' } : {};
}

export interface PartitionDetail {
  readonly range: OffsetRange | undefined;
  readonly sizeBytes: number | undefined;
  readonly hasFiles: boolean;
}

export function partitionSpec(topic: TopicFacts, partition: PartitionFacts, detail: PartitionDetail): NodeSpec {
  const { range, sizeBytes, hasFiles } = detail;
  const label = t('Partition {0}', partition.partition);
  const facts = [
    ...(partition.leader < 0 ? [t('no leader')] : []),
    ...(partition.isLeaderDown === true ? [t('leader {0} is down', partition.leader)] : []),
    ...(isBehind(partition) ? [t('{0} of {1} in sync', partition.isr.length, partition.replicas.length)] : []),
    ...(range === undefined ? [] : [describeRange(range)]),
    ...(sizeBytes === undefined ? [] : [formatBytes(sizeBytes)]),
  ];
  return {
    key: String(partition.partition),
    target: {
      kind: 'partition',
      topic: topic.topic,
      partition: partition.partition,
      leader: partition.leader,
      replicas: partition.replicas,
    },
    look: {
      label,
      description: facts.join(' · '),
      contextValue: topic.isInternal ? 'partition.internal' : 'partition',
      icon: 'layers',
      ...trouble(isLeaderless(partition), isBehind(partition)),
      ...(topic.isInternal ? { dimmed: true } : {}),
      tooltip: factSheet(`${topic.topic}-${partition.partition}`, [
        [
          t('Leader'),
          partition.leader < 0 ? t('none: no replica that is alive may lead') : t('broker {0}', partition.leader),
        ],
        [t('Leader epoch'), formatCount(partition.leaderEpoch)],
        [t('Replicas'), partition.replicas.join(', ')],
        [t('In sync'), partition.isr.join(', ')],
        [t('Log start'), range && formatCount(range.start)],
        [t('High watermark'), range && formatCount(range.end)],
        [t('Records'), range && formatCount(range.end - range.start)],
        [t('Size'), sizeBytes === undefined ? undefined : formatBytes(sizeBytes)],
      ]),
    },
    // Several replicas have rows of their own, also when nobody leads.
    children: hasFiles && (partition.leader >= 0 || partition.replicas.length > 1) ? 'collapsed' : 'none',
  };
}

function describeRange({ start, end }: OffsetRange): string {
  return start === end ? t('empty at {0}', formatCount(end)) : `${formatCount(start)}–${formatCount(end)}`;
}

export function segmentSpec(topic: string, partition: number, segment: SegmentState): NodeSpec {
  // Twenty digits would leave no room for those that tell segments apart.
  const label = t('Segment {0}', formatCount(segment.baseOffset));
  const name = String(segment.baseOffset).padStart(20, '0');
  const facts = [
    ...(segment.nextOffset < 0 ? [] : [describeRange({ start: segment.baseOffset, end: segment.nextOffset })]),
    formatBytes(segment.sizeBytes),
    ...(segment.active ? [t('active')] : []),
  ];
  return {
    key: name,
    target: { kind: 'segment', topic, partition, files: segment.files.map((file) => fileSpec(file, name)) },
    look: {
      label,
      description: facts.join(' · '),
      contextValue: 'segment',
      icon: 'file-binary',
      tooltip: factSheet(name, [
        [t('First offset'), formatCount(segment.baseOffset)],
        [t('Next offset'), segment.nextOffset < 0 ? undefined : formatCount(segment.nextOffset)],
        [t('Size'), formatBytes(segment.sizeBytes)],
        [t('Newest record'), segment.largestTimestampMs < 0 ? undefined : formatTime(segment.largestTimestampMs)],
        [t('State'), segment.active ? t('active: written to') : t('closed')],
      ]),
    },
    children: segment.files.length === 0 ? 'none' : 'collapsed',
  };
}

const fileKinds: Readonly<Record<string, string>> = {
  log: 'records',
  index: 'offset → position',
  timeindex: 'time → offset',
  txnindex: 'aborted transactions',
  snapshot: 'producer state',
  checkpoint: 'metadata snapshot',
};

/** The twenty digits stand in the hovers, and would leave no room for what tells the files apart. */
function fileSpec(file: SegmentFile, segment: string): NodeSpec {
  const extension = file.name.split('.')[1] ?? '';
  const purpose = fileKinds[extension];
  const description = [formatBytes(file.sizeBytes), ...(purpose === undefined ? [] : [t(purpose)])].join(' · ');
  return {
    key: file.name,
    target: { kind: 'file', path: file.path },
    look: {
      label: file.name.startsWith(`${segment}.`) ? file.name.slice(segment.length) : file.name,
      description,
      accessibilityLabel: `${file.name} ${description}`,
      contextValue: 'file',
      icon: 'file',
      tooltip: factSheet(file.name, [
        [t('Path'), file.path],
        [t('Size'), `${formatBytes(file.sizeBytes)} (${formatCount(file.sizeBytes)})`],
      ]),
      command: { id: 'samsa.segment.open', title: t('Open'), args: [{ path: file.path }] },
    },
    children: 'none',
  };
}
