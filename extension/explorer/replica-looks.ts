import { formatBytes, formatCount } from '../shared/format.ts';
import { t } from '../settings/localize.ts';
import type { ReplicaFacts } from './explorer-source.ts';
import { factSheet } from './markdown.ts';
import type { NodeLook, NodeSpec } from './tree-node.ts';

/** One copy of a partition; its segments lie below it. */
export function replicaSpec(topic: string, partition: number, replica: ReplicaFacts): NodeSpec {
  const label = t('Broker {0}', replica.broker);
  const role = roleOf(replica);
  const facts = [role, ...(replica.end === undefined ? [] : [progressOf(replica, replica.end)])];
  return {
    key: `replica-${replica.broker}`,
    target: { kind: 'replica', topic, partition, broker: replica.broker },
    look: {
      label,
      description: facts.join(' · '),
      contextValue: 'replica',
      ...shapeOf(replica),
      tooltip: factSheet(`${topic}-${partition} · ${label}`, [
        [t('Role'), role],
        [t('Preferred leader'), replica.isPreferred ? t('yes') : undefined],
        [t('Log end'), replica.end === undefined ? undefined : formatCount(replica.end)],
        [t('Behind the leader'), replica.lag === undefined ? undefined : formatCount(replica.lag)],
        [t('Size'), replica.sizeBytes === undefined ? undefined : formatBytes(replica.sizeBytes)],
      ]),
    },
    children: replica.isOnline ? 'collapsed' : 'none',
  };
}

function roleOf({ isLeader, isInSync, isOnline }: ReplicaFacts): string {
  if (!isOnline) return t('offline');
  if (isLeader) return t('leader');
  return isInSync ? t('follower') : t('follower, not in sync');
}

/** Its log end, and how much it lacks where that is anything. */
function progressOf({ lag }: ReplicaFacts, end: number): string {
  return lag === undefined || lag === 0 ? formatCount(end) : t('{0} behind', formatCount(lag));
}

/** Filled square, outlined square, half square, cross: as in the views. */
function shapeOf({ isLeader, isInSync, isOnline }: ReplicaFacts): Pick<NodeLook, 'icon' | 'iconColor'> {
  if (!isOnline) return { icon: 'chrome-close', iconColor: 'charts.red' };
  if (isLeader) return { icon: 'primitive-square' };
  return isInSync ? { icon: 'chrome-maximize' } : { icon: 'layout-sidebar-left', iconColor: 'charts.yellow' };
}
