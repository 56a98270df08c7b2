import * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import { wayOut } from '../explorer/cluster-looks.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { onDidChangeSetting } from '../settings/configuration.ts';
import { t } from '../settings/localize.ts';
import { BrokerFailures } from './broker-failures.ts';
import type { CommandId } from './command-id.ts';
import type { Notifier } from './notifier.ts';

function startBroker(broker: number): Thenable<unknown> {
  return vscode.commands.executeCommand('samsa.broker.start' satisfies CommandId, { broker });
}

function run(command: CommandId): () => Thenable<unknown> {
  return () => vscode.commands.executeCommand(command);
}

/** Says when the cluster or a broker failed, with the way out as a button, and when changed settings wait for a restart. */
export function clusterNotices(session: ClusterSession<ClusterClient>, notifier: Notifier): vscode.Disposable {
  const failures = session.onDidChange((state) => {
    if (state.kind !== 'failed') return;
    const [command, title] = wayOut(state.code);
    notifier.error(state.message, [
      { title, run: run(command) },
      { title: t('Show log'), run: run('samsa.cluster.showLog') },
    ]);
  });
  const brokers = new BrokerFailures(({ broker, message, code }) => {
    const [command, title] = code === undefined ? [undefined, ''] : wayOut(code);
    const startAgain = { title: t('Start Broker {0}', broker), run: () => startBroker(broker) };
    const other = command === undefined || command === 'samsa.cluster.start' ? [] : [{ title, run: run(command) }];
    notifier.error(message, [...other, startAgain, { title: t('Show log'), run: run('samsa.cluster.showLog') }]);
  });
  const changes = onDidChangeSetting(
    // The number of brokers counts for new clusters only.
    ['cluster.port', 'cluster.dataDirectory', 'cluster.host', 'cluster.config'],
    () => void offerRestart(session),
  );
  return vscode.Disposable.from(
    failures,
    changes,
    session.onDidChange((state) => brokers.onState(state)),
    session.onDidReceiveEvent((event) => brokers.onEvent(event)),
  );
}

let isOffered = false;

async function offerRestart(session: ClusterSession<ClusterClient>): Promise<void> {
  if (session.state.kind !== 'running' || isOffered) return;
  isOffered = true;
  const restart = t('Restart cluster');
  const pressed = await vscode.window.showInformationMessage(
    t('The cluster takes up changed settings when it restarts.'),
    restart,
  );
  isOffered = false;
  if (pressed === restart) await run('samsa.cluster.restart')();
}
