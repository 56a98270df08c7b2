import * as vscode from 'vscode';
import { Admin } from '../../client/admin.ts';
import type { MessagesFrom } from '../../shared/messages-contract.ts';
import type { OffsetsContract, OffsetsState } from '../../shared/offsets-contract.ts';
import { LAST_COUNT } from '../messages/ask-from.ts';
import type { Session, ViewDeps } from '../view-deps.ts';
import { describeTrouble } from '../view-deps.ts';
import { systemClock } from '../view-clock.ts';
import { ViewHost, showView } from '../view-host.ts';
import { ClusterTopicSampler } from './cluster-topic-sampler.ts';
import { OffsetsFeed } from './offsets-feed.ts';

export const OFFSETS_VIEW = 'samsa.offsets';

export interface OffsetsPanelDeps extends ViewDeps {
  readonly openMessages: (request: { topic: string; partition?: number; from: MessagesFrom }) => void;
}

/** Ties the offsets of one topic to one panel, until the panel is closed. */
export function fillOffsetsPanel(panel: vscode.WebviewPanel, topic: string, deps: OffsetsPanelDeps): void {
  const { session } = deps;
  const feed = new OffsetsFeed({
    cluster: session.id,
    topic,
    sampler: new ClusterTopicSampler({
      topic,
      admin: () => new Admin(session.client()),
      logEnds: (name) => leaderLogEnds(session, name),
    }),
    clock: systemClock,
    send: (snapshot) => host.send('update', snapshot),
    describe: (error) => describeTrouble(session, error),
  });
  const host = new ViewHost<OffsetsContract>(panel.webview, {
    window: ({ first, end }) => feed.setWindow(first, end),
    openMessages: ({ partition }) => {
      const from: MessagesFrom = { kind: 'last', count: LAST_COUNT };
      deps.openMessages(partition === undefined ? { topic, from } : { topic, partition, from });
      return null;
    },
    produce: async () => {
      await deps.produce(topic);
      return null;
    },
    retry: () => {
      feed.pollNow();
      return null;
    },
    startCluster: async () => {
      await deps.startCluster();
      return null;
    },
    close: () => {
      panel.dispose();
      return null;
    },
  });
  const subscriptions = [
    panel.onDidChangeViewState(() => feed.setVisible(panel.visible)),
    session.onDidChange(() => feed.pollNow()),
    session.onDidChangeContents(() => feed.pollNow()),
    host,
    feed,
  ];
  panel.onDidDispose(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });
  const state: OffsetsState = { cluster: session.id, topic };
  panel.iconPath = new vscode.ThemeIcon('symbol-array');
  showView(panel.webview, { view: 'offsets', title: panel.title, extensionUri: deps.extensionUri, state });
  feed.setVisible(panel.visible);
}

/** Of leaders that run in our own cluster; nobody else tells. */
async function leaderLogEnds(session: Session, topic: string): Promise<ReadonlyMap<number, number>> {
  const { partitions } = await session.send('state', { topic });
  const ends = new Map<number, number>();
  for (const { partition, leader, replicaStates } of partitions) {
    const logEnd = replicaStates.find(({ broker }) => broker === leader)?.logEndOffset ?? -1;
    if (logEnd >= 0) ends.set(partition, logEnd);
  }
  return ends;
}
