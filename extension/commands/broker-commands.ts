import * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { t } from '../settings/localize.ts';
import type { BrokerState, ClusterState } from '../shared/cluster-protocol.ts';
import { brokersFor, describeVote, linkCommands, nodeName } from './broker-choices.ts';
import type { BrokerVerb, Direction, LinkRequest } from './broker-choices.ts';
import type { BrokerTarget } from './command-id.ts';
import { pickStep } from './input.ts';
import { withProgress } from './progress.ts';
import { runSteps } from './steps.ts';

type Session = ClusterSession<ClusterClient>;

/** No topic has this name: nodes alone are asked for. */
const noTopic = '';

const noneFor: { readonly [Verb in BrokerVerb]: string } = {
  start: 'Every broker runs already.',
  stop: 'No broker runs that could be stopped.',
  kill: 'No broker runs that could be killed.',
  freeze: 'No broker runs that could be frozen.',
  isolate: 'One broker alone has no network.',
  heal: 'Nothing is broken: no broker is frozen, isolated, slow or cut off.',
  slow: 'One broker alone has no network.',
  remove: 'The last broker stays; stop the cluster instead.',
};

/** What the palette's commands are called, so that a list of brokers says what becomes of the one that is chosen. */
const titles: { readonly [Verb in BrokerVerb]: string } = {
  start: 'Start Broker',
  stop: 'Stop Broker',
  kill: 'Kill Broker',
  freeze: 'Freeze Broker',
  isolate: 'Isolate Broker',
  heal: 'Heal Faults',
  slow: 'Slow or One-Way Link',
  remove: 'Remove Broker',
};

export async function startBroker(session: Session, target?: BrokerTarget): Promise<void> {
  const broker = await brokerTarget(session, 'start', target);
  if (broker === undefined) return;
  try {
    await act(t('Starting broker {0}', broker), session.send('start', { broker }));
  } catch (error) {
    // A broker that fails says so itself.
    const { brokers, controllers } = await session.send('state', { topic: noTopic });
    if (![...brokers, ...controllers].some(({ id, state }) => id === broker && state === 'failed')) throw error;
  }
}

export async function stopBroker(session: Session, target?: BrokerTarget): Promise<void> {
  const broker = await brokerTarget(session, 'stop', target);
  if (broker !== undefined) await act(t('Stopping broker {0}', broker), session.send('stop', { broker }));
}

/** Without a question: it is what the button says, and the broker can be started again. */
export async function killBroker(session: Session, target?: BrokerTarget): Promise<void> {
  const broker = await brokerTarget(session, 'kill', target);
  if (broker !== undefined) await act(t('Killing broker {0}', broker), session.send('kill', { broker }));
}

export async function freezeBroker(session: Session, target?: BrokerTarget & { readonly ms?: number }): Promise<void> {
  const broker = await brokerTarget(session, 'freeze', target);
  if (broker === undefined) return;
  const seconds = (count: number, detail: string): Choice<number> => ({
    label: t('{0} s', count),
    description: detail,
    value: count * 1_000,
  });
  const ms =
    target?.ms ??
    (await choose(t('Freeze Node {0}', broker), t('For how long its thread does nothing at all'), [
      seconds(1, t('nobody should notice')),
      seconds(5, t('clients wait')),
      seconds(20, t('the others go on without it')),
      seconds(120, t('it wakes with an old epoch')),
    ]));
  if (ms !== undefined) await session.send('freeze', { broker, ms });
}

export async function isolateBroker(
  session: Session,
  target?: BrokerTarget & { readonly clients?: boolean },
): Promise<void> {
  const broker = await brokerTarget(session, 'isolate', target);
  if (broker === undefined) return;
  const clients =
    target?.clients ??
    (await choose(t('Isolate Node {0}', broker), t('Who reaches it no more'), [
      { label: t('The other nodes'), description: t('clients still do'), value: false },
      { label: t('Everybody'), description: t('clients neither'), value: true },
    ]));
  if (clients !== undefined) await session.send('isolate', { broker, clients });
}

/** Of one node; of all when it is called without a row. */
export async function healBroker(session: Session, target?: BrokerTarget): Promise<void> {
  if (brokersFor('heal', await session.send('state', { topic: noTopic })).length === 0) {
    void vscode.window.showInformationMessage(t(noneFor.heal));
    return;
  }
  await session.send('heal', typeof target?.broker === 'number' ? { broker: target.broker } : {});
}

export async function slowLink(session: Session, target?: BrokerTarget | LinkRequest): Promise<void> {
  const broker = await brokerTarget(session, 'slow', target);
  if (broker === undefined) return;
  const state = await session.send('state', { topic: noTopic });
  const others = [...state.brokers, ...state.controllers].filter(({ id }) => id !== broker);
  const request = target !== undefined && 'direction' in target ? target : await askForLink(broker, others);
  if (request === undefined) return;
  for (const { op, ...args } of linkCommands(
    request,
    others.map(({ id }) => id),
  )) {
    await (op === 'drop' ? session.send('drop', args as never) : session.send('slow', args as never));
  }
}

export async function addBroker(session: Session): Promise<void> {
  const adding = session.send('add-broker', {});
  await act(t('Adding a broker'), adding);
  const { broker } = await adding;
  vscode.window.setStatusBarMessage(
    t(
      'Broker {0} has joined. New topics come to it; kafka-reassign-partitions.sh brings partitions that exist.',
      broker,
    ),
    8000,
  );
}

/** Asks first: the broker's directory goes, though its data have moved by then. */
export async function removeBroker(
  session: Session,
  target?: BrokerTarget & { readonly confirmed?: boolean },
): Promise<void> {
  const broker = await brokerTarget(session, 'remove', target);
  if (broker === undefined) return;
  if (target?.confirmed !== true && !(await agrees(session, broker))) return;
  const title = t('Removing broker {0}', broker);
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, async (progress) => {
    let percent = 0;
    const events = session.onDidReceiveEvent((event) => {
      if (event.event !== 'progress' || event.broker !== broker) return;
      const reached = event.total === 0 ? 0 : (event.done / event.total) * 100;
      progress.report({ message: event.message, increment: Math.max(0, reached - percent) });
      percent = Math.max(percent, reached);
    });
    try {
      await session.send('remove-broker', { broker });
    } finally {
      events.dispose();
    }
  });
}

async function agrees(session: Session, broker: number): Promise<boolean> {
  const remove = t('Remove');
  const { quorum } = await session.send('state', { topic: noTopic });
  const vote = describeVote(broker, quorum.voters);
  const pressed = await vscode.window.showWarningMessage(
    t('Remove broker {0} from the cluster?', broker),
    {
      modal: true,
      detail: [
        t('Its replicas move to the other brokers first; then it stops and its directory is deleted.'),
        ...(vote === undefined ? [] : [vote]),
      ].join('\n\n'),
    },
    remove,
  );
  return pressed === remove;
}

async function act(title: string, work: Promise<unknown>): Promise<void> {
  await withProgress(title, work);
}

/** The node of the row that the command was called from, else one that the person chooses. */
async function brokerTarget(
  session: Session,
  verb: BrokerVerb,
  given: BrokerTarget | undefined,
): Promise<number | undefined> {
  if (typeof given?.broker === 'number') return given.broker;
  const state: ClusterState = await session.send('state', { topic: noTopic });
  const candidates = brokersFor(verb, state);
  if (candidates.length === 0) {
    void vscode.window.showInformationMessage(t(noneFor[verb]));
    return undefined;
  }
  const items = candidates.map((node) => ({
    label: nodeName(node),
    description: [node.state, ...(node.id === state.controllerId ? [t('controller')] : [])].join(' · '),
    value: node.id,
  }));
  return choose(t(titles[verb]), t('Choose a broker'), items);
}

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

async function choose<T>(title: string, placeholder: string, items: readonly Choice<T>[]): Promise<T | undefined> {
  let chosen: Choice<T> | undefined;
  const step = pickStep({ title, placeholder, items, active: () => chosen, accept: (item) => (chosen = item) });
  return (await runSteps([step])) ? chosen?.value : undefined;
}

async function askForLink(broker: number, others: readonly BrokerState[]): Promise<LinkRequest | undefined> {
  const title = t('Slow or One-Way Link of Node {0}', broker);
  const peers: Choice<number | undefined>[] = [
    ...others.map((node) => ({ label: nodeName(node), value: node.id })),
    { label: t('All other nodes'), value: undefined },
  ];
  const directions: Choice<Direction>[] = [
    { label: t('Both directions'), value: 'both' },
    { label: t('What node {0} sends', broker), value: 'out' },
    { label: t('What node {0} receives', broker), value: 'in' },
  ];
  const delays: Choice<number | 'lost'>[] = [
    ...[20, 200, 1_000, 5_000].map((ms) => ({ label: t('{0} ms later', ms), value: ms })),
    { label: t('Lost'), description: t('it never arrives'), value: 'lost' as const },
  ];
  let peer: Choice<number | undefined> | undefined;
  let direction: Choice<Direction> | undefined;
  let delay: Choice<number | 'lost'> | undefined;
  const passed = await runSteps([
    pickStep({
      ...{ title, placeholder: t('The other end'), items: peers },
      active: () => peer,
      accept: (item) => (peer = item),
    }),
    pickStep({
      ...{ title, placeholder: t('Which way'), items: directions },
      active: () => direction,
      accept: (item) => (direction = item),
    }),
    pickStep({
      ...{ title, placeholder: t('What becomes of a packet'), items: delays },
      active: () => delay,
      accept: (item) => (delay = item),
    }),
  ]);
  if (!passed || direction === undefined || delay === undefined) return undefined;
  const other = peer?.value;
  return { broker, direction: direction.value, delayMs: delay.value, ...(other === undefined ? {} : { peer: other }) };
}
