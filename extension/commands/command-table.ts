import * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { writeSetting } from '../settings/configuration.ts';
import { t } from '../settings/localize.ts';
import {
  addBroker,
  freezeBroker,
  healBroker,
  isolateBroker,
  killBroker,
  removeBroker,
  slowLink,
  startBroker,
  stopBroker,
} from './broker-commands.ts';
import {
  copyBootstrap,
  openSettings,
  restartCluster,
  startCluster,
  stopCluster,
  useAnotherDirectory,
  useAnotherPort,
} from './cluster-commands.ts';
import { clusterMenu } from './cluster-menu.ts';
import type { CommandArguments, CommandId } from './command-id.ts';
import { openFolder, openSegmentFile, revealSegmentFile } from './file-commands.ts';
import { produceMessage } from './produce-command.ts';
import { readFrom, readFromOffset } from './read-commands.ts';
import { copyTopicName, createTopic, deleteTopic } from './topic-commands.ts';

/** What commands act upon. */
export interface CommandContext {
  readonly session: ClusterSession<ClusterClient>;
  readonly log: vscode.LogOutputChannel;
  readonly explorer: { refresh(): Promise<void>; showMore(id: string): Promise<void> };
  readonly terminal: { open(): Promise<unknown> };
  /** Where the cluster's data are, or will be. */
  readonly dataDir: () => string;
}

/** The views register these themselves. */
export type ViewCommand = 'samsa.messages.open' | 'samsa.offsets.open' | 'samsa.replicas.open';

/** Every command that is not a view's, with what it does. Errors are shown by whoever registers the table. */
export type CommandTable = {
  readonly [Id in Exclude<CommandId, ViewCommand>]: (...args: CommandArguments[Id]) => Promise<unknown> | void;
};

export function commandTable({ session, log, explorer, terminal, dataDir }: CommandContext): CommandTable {
  return {
    'samsa.cluster.start': () => startCluster(session),
    'samsa.cluster.stop': () => stopCluster(session),
    'samsa.cluster.restart': () => restartCluster(session),
    'samsa.cluster.useAnotherPort': (port) => useAnotherPort(session, port),
    'samsa.cluster.useAnotherDirectory': (path) => useAnotherDirectory(session, path),
    'samsa.cluster.copyBootstrap': () => copyBootstrap(session),
    'samsa.cluster.openDataFolder': () => openDataFolder(dataDir()),
    'samsa.cluster.showLog': () => log.show(),
    'samsa.cluster.showMenu': () => showMenu(session),
    'samsa.cluster.openSettings': () => openSettings(),
    'samsa.broker.start': (target) => startBroker(session, target),
    'samsa.broker.stop': (target) => stopBroker(session, target),
    'samsa.broker.kill': (target) => killBroker(session, target),
    'samsa.broker.freeze': (target) => freezeBroker(session, target),
    'samsa.broker.isolate': (target) => isolateBroker(session, target),
    'samsa.broker.heal': (target) => healBroker(session, target),
    'samsa.broker.slow': (target) => slowLink(session, target),
    'samsa.broker.add': () => addBroker(session),
    'samsa.broker.remove': (target) => removeBroker(session, target),
    'samsa.topic.create': (request) => createTopic(session, request),
    'samsa.topic.delete': (request) => deleteTopic(session, request),
    'samsa.topic.copyName': (target) => copyTopicName(session, target),
    'samsa.message.produce': (request) => produceMessage(session, request),
    'samsa.messages.fromBeginning': (target) => readFrom(session, 'beginning', target),
    'samsa.messages.fromEnd': (target) => readFrom(session, 'end', target),
    'samsa.messages.fromOffset': (target) => readFromOffset(session, target),
    'samsa.segment.open': (target) => openSegmentFile(target),
    'samsa.segment.reveal': (target) => revealSegmentFile(target),
    'samsa.explorer.refresh': () => explorer.refresh(),
    'samsa.explorer.showMore': (id) => explorer.showMore(id ?? ''),
    'samsa.explorer.showInternalTopics': () => writeSetting('explorer.showInternalTopics', true),
    'samsa.explorer.hideInternalTopics': () => writeSetting('explorer.showInternalTopics', false),
    'samsa.terminal.open': () => terminal.open(),
  };
}

async function openDataFolder(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  // Before the first start there is nothing to see, which looks better as an empty folder than as an error.
  await vscode.workspace.fs.createDirectory(uri);
  await openFolder(path);
}

async function showMenu(session: ClusterSession<ClusterClient>): Promise<void> {
  const placeHolder = t('Kafka cluster: {0}', session.bootstrap ?? session.state.kind);
  const picked = await vscode.window.showQuickPick(clusterMenu(session.state), { placeHolder });
  if (picked !== undefined) await vscode.commands.executeCommand(picked.command);
}
