import type { ClusterEvent } from '../../shared/cluster-protocol.ts';
import type { BrokerRegistration } from './broker-registration.ts';
import type { MetadataDelta } from './metadata-delta.ts';
import { isReassigning } from './partition-reassignment.ts';
import { LeaderRecoveryState, NO_LEADER } from './partition-registration.ts';
import type { PartitionRegistration } from './partition-registration.ts';

/**
 * What a change of the metadata means for people: who leads what from now on, who is in sync, which brokers come and go.
 * `cause` is half a sentence that says what it began with.
 */
export function* controllerEvents(delta: MetadataDelta, cause: string | undefined): Generator<ClusterEvent, void> {
  for (const [id, now] of delta.cluster.changedBrokers) {
    const event = registrationEvent(id, delta.cluster.before.brokers.get(id), now, cause);
    if (event !== undefined) yield event;
  }
  for (const { name: topic, before: topicBefore, changes } of delta.topics.changed.values()) {
    for (const [partition, now] of changes) {
      const before = topicBefore?.partitions[partition];
      const state = {
        ...{ topic, partition, partitionEpoch: now.partitionEpoch, isr: now.isr, elr: now.elr },
      };
      if (before === undefined || before.leader !== now.leader || before.leaderEpoch !== now.leaderEpoch) {
        const unclean = before !== undefined && isUnclean(before, now);
        const { leader, leaderEpoch: epoch, replicas } = now;
        const reason = sentence(cause, completion(before, now), whyLeader(before, now), inSync(now), `epoch ${epoch}`);
        yield { event: 'leader', ...state, leader, epoch, replicas, ...(unclean ? { unclean } : {}), reason };
      } else if (isNews(before, now)) {
        yield {
          event: 'isr',
          ...state,
          reason: sentence(cause, completion(before, now) ?? whyIsr(before, now), inSync(now)),
        };
      }
    }
  }
}

function registrationEvent(
  broker: number,
  before: BrokerRegistration | undefined,
  now: BrokerRegistration | undefined,
  cause: string | undefined,
): ClusterEvent | undefined {
  const event = (
    state: 'registered' | 'unfenced' | 'fenced' | 'controlled-shutdown' | 'unregistered',
    epoch: number,
    why: string,
  ): ClusterEvent => ({ event: 'registration', broker, state, epoch, reason: cause ?? why });
  if (now === undefined) return before && event('unregistered', before.epoch, 'it was unregistered');
  const { epoch } = now;
  if (before?.epoch !== epoch) return event('registered', epoch, 'it started');
  if (before.fenced && !now.fenced) return event('unfenced', epoch, 'it has caught up with the metadata');
  if (!before.fenced && now.fenced) return event('fenced', epoch, 'it stopped answering');
  if (!before.inControlledShutdown && now.inControlledShutdown) {
    return event('controlled-shutdown', epoch, 'it is shutting down');
  }
  return undefined;
}

/** Elected although others may have records that it has not. */
function isUnclean(before: PartitionRegistration, now: PartitionRegistration): boolean {
  const { leader, leaderRecoveryState } = now;
  if (leader === NO_LEADER || leader === before.leader) return false;
  if (before.isr.includes(leader) || before.elr.includes(leader)) return false;
  return leaderRecoveryState === LeaderRecoveryState.RECOVERING && !knewMost(before, leader);
}

/** The last leader, of which nobody else is known to have been in sync with it. */
function knewMost(before: PartitionRegistration, leader: number): boolean {
  return before.isr.length === 0 && before.elr.length === 0 && before.lastKnownElr.includes(leader);
}

function whyLeader(before: PartitionRegistration | undefined, now: PartitionRegistration): string {
  const { leader } = now;
  const order = list(now.replicas);
  if (before === undefined) {
    if (leader === NO_LEADER) return `none of ${order} is alive`;
    return leader === now.replicas[0]
      ? `${leader} is the preferred leader, the first of ${order}`
      : `${leader} is the first of ${order} that is alive`;
  }
  if (leader === NO_LEADER) return nobody(now);
  if (leader === before.leader) return `${leader} goes on leading in a new epoch`;
  if (isUnclean(before, now)) {
    return `unclean: nobody in sync is alive, ${leader} is the first of ${order} that is; what it had not copied is lost`;
  }
  if (before.isr.includes(leader)) {
    return leader === now.replicas[0] && before.leader !== NO_LEADER
      ? `${leader} is the preferred leader, the first of ${order}, and in sync`
      : `${leader} is the first of ${order} that is alive and in sync`;
  }
  if (before.elr.includes(leader)) return `${leader} was the last in sync and has every committed record`;
  if (knewMost(before, leader)) return `${leader} led last, and no other replica knows more`;
  return `${leader} is the first of ${order} that is alive and in sync`;
}

function nobody({ isr, elr, replicas }: PartitionRegistration): string {
  const eligible = elr.length > 0 ? elr : isr;
  if (eligible.length === 0) return `no leader: none of ${list(replicas)} is known to have every record`;
  return eligible.length === 1
    ? `no leader: only ${and(eligible)} may lead without loss, and it is away`
    : `no leader: only ${and(eligible)} may lead without loss, and they are away`;
}

/** Said where a reassignment has come to its end, one way or the other. */
function completion(before: PartitionRegistration | undefined, now: PartitionRegistration): string | undefined {
  if (before === undefined || !isReassigning(before) || isReassigning(now)) return undefined;
  const isDone = before.addingReplicas.every((replica) => now.replicas.includes(replica));
  return isDone
    ? `the reassignment to ${list(now.replicas)} is complete`
    : `the reassignment ended, the replicas are ${list(now.replicas)}`;
}

/** Directories and recovery states are no news. */
function isNews(before: PartitionRegistration, now: PartitionRegistration): boolean {
  const lists = ['replicas', 'isr', 'elr', 'addingReplicas', 'removingReplicas'] as const;
  return lists.some((name) => before[name].join() !== now[name].join());
}

function whyIsr(before: PartitionRegistration, now: PartitionRegistration): string {
  if (now.replicas.join() !== before.replicas.join()) return whyReplicas(now);
  const joined = now.isr.filter((replica) => !before.isr.includes(replica));
  const doubtful = before.elr.filter((replica) => !now.elr.includes(replica) && !now.isr.includes(replica));
  const left = before.isr.filter((replica) => !now.isr.includes(replica));
  const parts = [
    ...(joined.length > 0 ? [`${and(joined)} caught up with leader ${now.leader}`] : []),
    ...(left.length > 0 ? [`${and(left)} ${left.length > 1 ? 'are' : 'is'} out of sync`] : []),
  ];
  if (parts.length > 0) return parts.join(', ');
  if (doubtful.length > 0) return `nobody knows any more that ${and(doubtful)} had every record`;
  return now.elr.length > 0 ? `${and(now.elr)} may lead too` : 'only who is in sync may lead';
}

function whyReplicas({ replicas, addingReplicas, removingReplicas }: PartitionRegistration): string {
  const wanted = replicas.filter((replica) => !removingReplicas.includes(replica));
  const steps = [
    ...(addingReplicas.length > 0 ? [`${and(addingReplicas)} will be added`] : []),
    ...(removingReplicas.length > 0 ? [`${and(removingReplicas)} will go`] : []),
  ];
  return steps.length === 0
    ? `the replicas are ${list(replicas)}`
    : `the replicas become ${list(wanted)}: ${steps.join(', ')}`;
}

function inSync({ isr, elr, replicas }: PartitionRegistration): string {
  const eligible = elr.length > 0 ? `, ELR ${list(elr)}` : '';
  return `${isr.length} of ${replicas.length} in sync: ISR ${list(isr)}${eligible}`;
}

function sentence(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join('; ');
}

function list(replicas: readonly number[]): string {
  return `[${replicas.join(',')}]`;
}

function and(replicas: readonly number[]): string {
  return replicas.length > 1 ? `${replicas.slice(0, -1).join(', ')} and ${replicas.at(-1)}` : replicas.join();
}
