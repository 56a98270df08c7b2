import * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { readSetting, writeSetting } from '../settings/configuration.ts';
import { t } from '../settings/localize.ts';
import { settingDefinitions } from '../settings/setting.ts';
import { nextFreePort } from './free-port.ts';
import { textStep } from './input.ts';
import { withProgress } from './progress.ts';
import { runSteps } from './steps.ts';
import { wholeNumberProblem } from './topic-input.ts';

type Session = ClusterSession<ClusterClient>;

/** Starts the cluster. A failure is the session's state, which tree, status bar and a notification show. */
export async function startCluster(session: Session): Promise<void> {
  const starting = session.start().catch(() => undefined);
  await withProgress(t('Starting the Kafka cluster'), starting, () => void session.stop());
}

export async function stopCluster(session: Session): Promise<void> {
  await withProgress(t('Stopping the Kafka cluster'), session.stop());
}

export async function restartCluster(session: Session): Promise<void> {
  await stopCluster(session);
  await startCluster(session);
}

/** Moves the cluster to another port, which is asked for unless given, and starts it there. */
export async function useAnotherPort(session: Session, given?: number): Promise<void> {
  const port = typeof given === 'number' ? given : await askForPort();
  if (port === undefined) return;
  // Before the setting changes: one that runs would ask for the restart that comes anyway.
  if (session.isUp) await stopCluster(session);
  await writeSetting('cluster.port', port);
  await startCluster(session);
}

async function askForPort(): Promise<number | undefined> {
  const { minimum, maximum } = settingDefinitions['cluster.port'];
  let port = String((await nextFreePort(readSetting('cluster.port'), readSetting('cluster.brokers'))) ?? 0);
  const step = textStep({
    title: t('Use Another Port'),
    prompt: t('Port for Kafka clients on 127.0.0.1; 0 takes any free one'),
    value: () => port,
    problem: (value) => wholeNumberProblem(value, minimum, maximum),
    accept: (value) => (port = value),
  });
  return (await runSteps([step])) ? Number(port) : undefined;
}

/** Lets the cluster keep its data elsewhere, and starts it there. The old data stay where they are. */
export async function useAnotherDirectory(session: Session, given?: string): Promise<void> {
  const path = typeof given === 'string' ? given : await askForDirectory();
  if (path === undefined) return;
  if (session.isUp) await stopCluster(session);
  await writeSetting('cluster.dataDirectory', path);
  await startCluster(session);
}

async function askForDirectory(): Promise<string | undefined> {
  const options = { canSelectFiles: false, canSelectFolders: true, canSelectMany: false };
  const chosen = await vscode.window.showOpenDialog({
    ...options,
    title: t('Folder for the Data of the Kafka Cluster'),
  });
  return chosen?.[0]?.fsPath;
}

export async function copyBootstrap(session: Session): Promise<void> {
  const { bootstrap } = session;
  if (bootstrap === undefined) throw new Error(t('The cluster is not running. Start it first.'));
  await vscode.env.clipboard.writeText(bootstrap);
  vscode.window.setStatusBarMessage(t('Copied {0}', bootstrap), 3000);
}

export async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:samsa.samsa');
}
