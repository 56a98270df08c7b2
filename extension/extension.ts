import * as vscode from 'vscode';
import { join } from 'node:path';
import type { ClusterClient } from './client/cluster-client.ts';
import { clusterNotices } from './commands/cluster-notices.ts';
import { commandTable } from './commands/command-table.ts';
import { installLaunchers } from './commands/install-launchers.ts';
import { KafkaTerminal } from './commands/kafka-terminal.ts';
import { Notifier } from './commands/notifier.ts';
import { registerCommands } from './commands/register-commands.ts';
import { logCluster } from './explorer/cluster-log.ts';
import { clusterDataDirectory, clusterSettings, runMemory } from './explorer/cluster-settings.ts';
import { embeddedPorts } from './explorer/embedded-ports.ts';
import { EmbeddedSession } from './explorer/embedded-session.ts';
import { ExplorerView } from './explorer/explorer-view.ts';
import { createStatusBar } from './explorer/status-bar.ts';
import { readSetting } from './settings/configuration.ts';
import { followContext } from './explorer/follow-context.ts';
import { setTranslation } from './settings/localize.ts';
import { registerViews } from './views/register-views.ts';
import { registerSegmentEditor } from './views/segment-editor/segment-editor-provider.ts';

/** What the extension hands to its tests. */
export interface Samsa {
  readonly session: EmbeddedSession<ClusterClient>;
  readonly explorer: ExplorerView;
}

let session: EmbeddedSession<ClusterClient> | undefined;

/** Registers everything and starts nothing; what is to run comes a moment later. */
export function activate(context: vscode.ExtensionContext): Samsa {
  setTranslation(vscode.l10n.t);
  const storage = context.globalStorageUri.fsPath;
  const log = vscode.window.createOutputChannel('Samsa', { log: true });
  const embedded = new EmbeddedSession(
    embeddedPorts(() => clusterSettings(storage)),
    () => runMemory(storage),
  );
  session = embedded;
  const notifier = new Notifier((message, titles) => vscode.window.showErrorMessage(message, ...titles));
  const explorer = new ExplorerView(embedded);
  const dataDir = (): string => clusterDataDirectory(storage);
  const terminal = new KafkaTerminal({
    folder: join(storage, 'kafka'),
    version: `${String(context.extension.packageJSON.version)} ${process.execPath} ${context.extensionPath}`,
    installCommands: (bin) => installLaunchers(join(context.extensionPath, 'dist', 'cli.cjs'), bin),
    collection: context.environmentVariableCollection,
    cluster: () => ({ port: readSetting('cluster.port'), dataDir: dataDir() }),
    bootstrap: () => embedded.bootstrap,
    onError: (error) => log.warn(`Kafka's commands are not on the PATH: ${String(error)}`),
  });
  const table = commandTable({ session: embedded, log, explorer, terminal, dataDir });
  context.subscriptions.push(
    log,
    explorer,
    terminal,
    logCluster(embedded, log),
    followContext(embedded),
    embedded.onDidChange(() => embedded.isUp && terminal.prepare()),
    createStatusBar(() => embedded.state, embedded.onDidChange),
    clusterNotices(embedded, notifier),
    registerCommands(table, notifier, log),
    registerSegmentEditor(context.extensionUri),
    registerViews({
      extensionUri: context.extensionUri,
      session: embedded,
      produce: async (topic) => void (await table['samsa.message.produce']({ topic })),
      startCluster: async () => void (await table['samsa.cluster.start']()),
    }),
  );
  setImmediate(() => void begin(embedded));
  return { session: embedded, explorer };
}

/** Stops the cluster that this window owns; its data stay. */
export function deactivate(): Promise<void> | undefined {
  return session?.dispose();
}

/** What was asked for beforehand: by a setting, by `npm start`, or by having run until this window was reloaded. */
async function begin(embedded: EmbeddedSession<ClusterClient>): Promise<void> {
  const isWanted = readSetting('cluster.startAutomatically') || process.env['SAMSA_AUTOSTART'] === '1';
  if (isWanted || embedded.ranRecently) await embedded.resume();
}
