import type {
  BrokerLifecycle,
  BrokerState,
  ClusterCommand,
  ClusterState,
  VoterState,
} from '../shared/cluster-protocol.ts';
import { t } from '../settings/localize.ts';

/** What can be done to a node of the embedded cluster. */
export type BrokerVerb = 'start' | 'stop' | 'kill' | 'freeze' | 'isolate' | 'heal' | 'slow' | 'remove';

const states: { readonly [Verb in BrokerVerb]?: readonly BrokerLifecycle[] } = {
  start: ['stopped', 'killed', 'failed'],
  stop: ['running', 'frozen'],
  kill: ['starting', 'running', 'frozen', 'stopping'],
  freeze: ['running'],
};

/** The nodes to which it can be done now. */
export function brokersFor(verb: BrokerVerb, { brokers, controllers }: ClusterState): readonly BrokerState[] {
  if (verb === 'remove') return brokers.length > 1 ? brokers : [];
  const nodes = [...brokers, ...controllers];
  if (verb === 'heal') return nodes.filter(({ faults, state }) => faults.length > 0 || state === 'frozen');
  if (verb === 'isolate' || verb === 'slow') return nodes.length > 1 ? nodes : [];
  return nodes.filter(({ state }) => states[verb]?.includes(state) === true);
}

/** As the tree calls it. */
export function nodeName({ id, roles }: Pick<BrokerState, 'id' | 'roles'>): string {
  return roles.includes('broker') ? t('Broker {0}', id) : t('Controller {0}', id);
}

/** What its removal does to the metadata quorum; undefined when it has no vote. */
export function describeVote(broker: number, voters: readonly VoterState[]): string | undefined {
  if (!voters.some(({ id }) => id === broker)) return undefined;
  const left = voters.length - 1;
  const spare = left - (Math.floor(left / 2) + 1);
  return spare > 0
    ? t('It is a voter of the metadata quorum. {0} are left, of which {1} may fail.', left, spare)
    : t('It is a voter of the metadata quorum. {0} are left, and none of them may fail.', left);
}

/** Which way of a link is slow or lost, seen from one of its ends. */
export type Direction = 'both' | 'out' | 'in';

export interface LinkRequest {
  readonly broker: number;
  /** The other end; every other node without it. */
  readonly peer?: number;
  readonly direction: Direction;
  /** Milliseconds; `lost`: nothing arrives. */
  readonly delayMs: number | 'lost';
}

type LinkCommand = Extract<ClusterCommand, { op: 'slow' | 'drop' }>;
type WithoutId<C> = C extends unknown ? Omit<C, 'id'> : never;

/** The commands that make a link so; a lost one needs its peers by name. */
export function linkCommands(
  { broker, peer, direction, delayMs }: LinkRequest,
  others: readonly number[],
): readonly WithoutId<LinkCommand>[] {
  const ways: { readonly from?: number; readonly to?: number }[] = [];
  for (const other of delayMs === 'lost' && peer === undefined ? others : [peer]) {
    const end = (name: 'from' | 'to'): object => (other === undefined ? {} : { [name]: other });
    if (direction !== 'in') ways.push({ from: broker, ...end('to') });
    if (direction !== 'out') ways.push({ ...end('from'), to: broker });
  }
  return ways.flatMap(({ from, to }): WithoutId<LinkCommand>[] => {
    if (delayMs !== 'lost') {
      return [{ op: 'slow', delayMs, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
    }
    return from === undefined || to === undefined ? [] : [{ op: 'drop', from, to }];
  });
}
