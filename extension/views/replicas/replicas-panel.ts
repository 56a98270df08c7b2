import * as vscode from 'vscode';
import { Admin } from '../../client/admin.ts';
import { expectMajority } from '../../explorer/expect-majority.ts';
import { sentence } from '../../explorer/sentence.ts';
import type { BrokerAction, ReplicasContract, ReplicasState } from '../../shared/replicas-contract.ts';
import { t } from '../../settings/localize.ts';
import { systemClock } from '../view-clock.ts';
import type { Session, ViewDeps } from '../view-deps.ts';
import { describeTrouble } from '../view-deps.ts';
import { ViewHost, showView } from '../view-host.ts';
import { ReplicasFeed } from './replicas-feed.ts';

export const REPLICAS_VIEW = 'samsa.replicas';

export interface ReplicasPanelDeps extends ViewDeps {
  /** Asks where that is due, and shows what came of it. */
  readonly actOnBroker: (action: BrokerAction, broker: number) => Promise<void>;
}

/** Ties the replicas of one topic, or of all (null), to one panel, until the panel is closed. */
export function fillReplicasPanel(panel: vscode.WebviewPanel, topic: string | null, deps: ReplicasPanelDeps): void {
  const { session } = deps;
  const feed = new ReplicasFeed({
    topic,
    clock: systemClock,
    state: () => session.send('state', topic === null ? {} : { topic }),
    eventsSince: (since) => session.send('events', { since }),
    send: (snapshot) => host.send('update', snapshot),
    describe: (error) => describeTrouble(session, error),
  });
  const host = new ViewHost<ReplicasContract>(panel.webview, {
    window: ({ first, end, withTimeline }) => feed.setWindow(first, end, withTimeline),
    act: async ({ action, broker }) => {
      await deps.actOnBroker(action, broker);
      feed.pollNow();
      return null;
    },
    electPreferred: async () => {
      try {
        await expectMajority(session, t('Nobody can be elected.'));
        await electPreferred(session, topic);
      } catch (error) {
        void vscode.window.showErrorMessage(sentence(error));
      }
      feed.pollNow();
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
  });
  const subscriptions = [
    panel.onDidChangeViewState(() => feed.setVisible(panel.visible)),
    session.onDidChange(() => feed.pollNow()),
    session.onDidReceiveEvent((event) => feed.onEvent(event)),
    session.onDidChangeContents(() => feed.pollNow()),
    host,
    feed,
  ];
  panel.onDidDispose(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });
  const state: ReplicasState = { cluster: session.id, topic };
  panel.iconPath = new vscode.ThemeIcon('layers');
  showView(panel.webview, { view: 'replicas', title: panel.title, extensionUri: deps.extensionUri, state });
  feed.setVisible(panel.visible);
}

/** Has the preferred leaders of a topic, or of all, lead again; says how many do. */
async function electPreferred(session: Session, topic: string | null): Promise<void> {
  const admin = new Admin(session.client());
  const results = await admin.electLeaders('preferred', topic === null ? null : await partitionsOf(admin, topic));
  const failed = results.filter(({ error }) => error !== null && error.code !== 'ELECTION_NOT_NEEDED');
  const elected = results.filter(({ error }) => error === null).length;
  const [first] = failed;
  if (first?.error != null) {
    const name = `${first.topic}-${first.partition}`;
    void vscode.window.showWarningMessage(t('The preferred leader of {0} cannot lead: {1}', name, first.error.message));
  } else if (elected === 0) {
    void vscode.window.showInformationMessage(t('Every partition is led by its preferred leader.'));
  }
}

async function partitionsOf(admin: Admin, topic: string) {
  const [description] = await admin.describeTopics([topic]);
  return (description?.partitions ?? []).map(({ partition }) => ({ topic, partition }));
}
