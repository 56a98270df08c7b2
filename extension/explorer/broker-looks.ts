import type { BrokerLifecycle, Fault, VoterState } from '../shared/cluster-protocol.ts';
import { formatCount } from '../shared/format.ts';
import { lostMajority, withoutMajority } from '../shared/quorum-health.ts';
import { t } from '../settings/localize.ts';
import type { BrokerFacts } from './explorer-source.ts';
import { escapeMarkdown, factSheet } from './markdown.ts';
import { sentence } from './sentence.ts';
import { describeProgress } from './start-progress.ts';
import type { ContextValue, NodeLook, NodeSpec } from './tree-node.ts';

export function brokersSpec(nodes: readonly BrokerFacts[] | undefined): NodeSpec {
  const brokers = nodes?.filter(({ own }) => own?.isOnlyController !== true);
  const running = brokers?.filter(({ state }) => state === 'running').length;
  const troubled = brokers?.filter((broker) => troublesOf(broker).length > 0).length ?? 0;
  const isWhole = brokers === undefined || running === brokers.length;
  return {
    key: 'brokers',
    target: { kind: 'brokers' },
    look: {
      label: t('Brokers'),
      contextValue: brokers?.some(({ own }) => own !== undefined) === true ? 'brokers.own' : 'brokers',
      icon: 'server',
      ...(brokers === undefined
        ? {}
        : {
            description: isWhole
              ? [formatCount(brokers.length), ...(troubled === 0 ? [] : [t('{0} in trouble', troubled)])].join(' · ')
              : t('{0} of {1} running', running ?? 0, brokers.length),
          }),
      ...(isWhole ? {} : { iconColor: 'charts.red' }),
      ...(isWhole && troubled > 0 ? { iconColor: 'charts.yellow' } : {}),
    },
    children: 'collapsed',
  };
}

export function brokerSpec(broker: BrokerFacts): NodeSpec {
  const { own } = broker;
  const address = `${broker.host}:${broker.port}`;
  const label = own?.isOnlyController === true ? t('Controller {0}', broker.id) : t('Broker {0}', broker.id);
  const troubles = troublesOf(broker);
  // What is cut off in a narrow side bar is what matters least.
  const describe = (where: string): string =>
    [
      ...troubles,
      ...(broker.isController ? [t('controller')] : []),
      where,
      ...(own?.isVoter === true && !broker.isController ? [t('voter')] : []),
    ].join(' · ');
  return {
    key: String(broker.id),
    target: { kind: 'broker', broker: broker.id },
    look: {
      label,
      contextValue: contextOf(broker),
      icon: own?.isOnlyController === true ? 'server-environment' : 'server-process',
      description: describe(isLoopback(broker.host) ? `:${broker.port}` : address),
      accessibilityLabel: `${label} ${describe(address)}`,
      ...iconColor(broker, troubles.length > 0),
      ...(broker.isController ? { badge: { text: '★', tooltip: t('Controller') } } : {}),
      tooltip: factSheet(label, [
        [t('Address'), address],
        [t('State'), broker.state],
        [t('Error'), broker.error],
        [t('Fenced'), own?.fenced === true ? t('yes: the controller lets it lead nothing') : undefined],
        [t('Network'), own?.faults.map((fault) => describeFault(fault, broker.id)).join(', ')],
        [t('Rack'), broker.rack ?? undefined],
        [t('Role'), describeRole(broker)],
      ]),
    },
    children: 'none',
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** What is wrong with it, the worst first. */
function troublesOf({ id, state, own, error, progress }: BrokerFacts): string[] {
  const more = error ?? (progress === undefined ? undefined : describeProgress(progress));
  return [
    ...(state === 'running' ? [] : [more === undefined ? state : `${state}: ${more}`]),
    ...(own?.faults.map((fault) => describeFault(fault, id)) ?? []),
    ...(state === 'running' && own?.fenced === true ? [t('fenced')] : []),
  ];
}

/** A fault as the row of `node` tells it. */
function describeFault(fault: Fault, node: number): string {
  switch (fault.kind) {
    case 'isolate':
      return fault.clients ? t('isolated, also from clients') : t('isolated');
    case 'slow':
      if (fault.from === node) return t('slow to {0}: {1} ms', fault.to ?? t('all'), fault.delayMs);
      return t('slow from {0}: {1} ms', fault.from ?? t('all'), fault.delayMs);
    case 'drop':
      return fault.from === node ? t('nothing reaches {0}', fault.to) : t('nothing comes from {0}', fault.from);
  }
}

function describeRole({ isController, own }: BrokerFacts): string {
  const parts = [
    ...(own?.isOnlyController === true ? [] : [t('broker')]),
    ...(isController ? [t('active controller')] : []),
    ...(own?.isVoter === true ? [t('voter of the metadata quorum')] : []),
  ];
  return parts.join(', ');
}

function contextOf({ state, own }: BrokerFacts): ContextValue {
  if (own === undefined) return 'broker';
  const isFaulty = own.faults.length > 0 || state === 'frozen';
  return `${own.isOnlyController ? 'controller' : 'broker'}.${state}${isFaulty ? '.faulty' : ''}`;
}

const passing: readonly BrokerLifecycle[] = ['starting', 'stopping', 'frozen'];

function iconColor({ state }: BrokerFacts, isTroubled: boolean): Pick<NodeLook, 'iconColor'> {
  if (!isTroubled) return {};
  return { iconColor: state === 'running' || passing.includes(state) ? 'charts.yellow' : 'charts.red' };
}

/** That nothing can be decided any more, and what to do about it; undefined while enough voters are there. */
export function quorumSpec(voters: readonly VoterState[], nodes: readonly BrokerFacts[]): NodeSpec | undefined {
  const lost = lostMajority(voters);
  if (lost === undefined) return undefined;
  const label = sentence(new Error(lost));
  const missing = voters.find(({ id, alive }) => !alive && nodes.some((node) => node.id === id && canStart(node)));
  const title = missing === undefined ? undefined : t('Start node {0}', missing.id);
  const more = t('{0} of {1} needed', Math.floor(voters.length / 2) + 1, voters.length);
  const hints = [withoutMajority, ...(title === undefined ? [] : [t('Click: {0}', title)])];
  return {
    key: 'quorum',
    target: { kind: 'error' },
    look: {
      label,
      description: more,
      contextValue: 'error.quorum',
      icon: 'warning',
      iconColor: 'charts.red',
      tooltip: [`**${escapeMarkdown(label)}**`, ...hints.map((hint) => escapeMarkdown(t(hint)))].join('\n\n'),
      accessibilityLabel: `${label}, ${more}. ${t(withoutMajority)}`,
      ...(missing === undefined || title === undefined
        ? {}
        : { command: { id: 'samsa.broker.start', title, args: [{ broker: missing.id }] } as const }),
    },
    children: 'none',
  };
}

function canStart({ state }: BrokerFacts): boolean {
  return state === 'stopped' || state === 'killed' || state === 'failed';
}
