import * as vscode from 'vscode';
import type { OpenMessagesRequest, OpenOffsetsRequest, TopicTarget } from '../commands/command-id.ts';
import { topicTarget } from '../commands/topic-target.ts';
import { t } from '../settings/localize.ts';
import type { MessagesState } from '../shared/messages-contract.ts';
import type { OffsetsState } from '../shared/offsets-contract.ts';
import type { BrokerAction, ReplicasState } from '../shared/replicas-contract.ts';
import { MESSAGES_VIEW, fillMessagesPanel } from './messages/messages-panel.ts';
import type { MessagesPanel, MessagesToShow } from './messages/messages-panel.ts';
import { RECORD_SCHEME, RecordDocuments } from './messages/record-documents.ts';
import { OFFSETS_VIEW, fillOffsetsPanel } from './offsets/offsets-panel.ts';
import { REPLICAS_VIEW, fillReplicasPanel } from './replicas/replicas-panel.ts';
import type { ViewDeps } from './view-deps.ts';
import { webviewOptions } from './view-host.ts';

/** What other parts of the extension can open. */
export interface Views extends vscode.Disposable {
  openOffsets(topic: string): void;
  openMessages(show: MessagesToShow): void;
  /** Of one topic, or of all for null. */
  openReplicas(topic: string | null): void;
}

/**
 * Registers the Offsets, Messages and Replicas views with their commands, and brings back the panels of a window that was reloaded.
 * There is one panel per topic (and partition) and view; opening it again reveals it.
 */
export function registerViews(deps: ViewDeps): Views {
  const documents = new RecordDocuments();
  const offsets = new Map<string, vscode.WebviewPanel>();
  const replicas = new Map<string | null, vscode.WebviewPanel>();
  const messages = new Map<string, { readonly panel: vscode.WebviewPanel; readonly view: MessagesPanel }>();

  const fillOffsets = (panel: vscode.WebviewPanel, topic: string): void => {
    fillOffsetsPanel(panel, topic, { ...deps, openMessages });
    offsets.set(topic, panel);
    panel.onDidDispose(() => {
      if (offsets.get(topic) === panel) offsets.delete(topic);
    });
  };

  const fillMessages = (panel: vscode.WebviewPanel, show: MessagesToShow): void => {
    const key = messagesTitle(show);
    const entry = { panel, view: fillMessagesPanel(panel, show, { ...deps, documents }) };
    messages.set(key, entry);
    panel.onDidDispose(() => {
      if (messages.get(key) === entry) messages.delete(key);
    });
  };

  const fillReplicas = (panel: vscode.WebviewPanel, topic: string | null): void => {
    fillReplicasPanel(panel, topic, { ...deps, actOnBroker });
    replicas.set(topic, panel);
    panel.onDidDispose(() => {
      if (replicas.get(topic) === panel) replicas.delete(topic);
    });
  };

  function openReplicas(topic: string | null): void {
    const open = replicas.get(topic);
    if (open !== undefined) return open.reveal();
    const title = topic === null ? t('Replicas') : t('Replicas of {0}', topic);
    fillReplicas(makePanel(REPLICAS_VIEW, title, deps.extensionUri), topic);
  }

  function openOffsets(topic: string): void {
    const open = offsets.get(topic);
    if (open !== undefined) open.reveal();
    else fillOffsets(makePanel(OFFSETS_VIEW, t('Offsets of {0}', topic), deps.extensionUri), topic);
  }

  function openMessages(show: MessagesToShow): void {
    const open = messages.get(messagesTitle(show));
    if (open === undefined) {
      fillMessages(makePanel(MESSAGES_VIEW, messagesTitle(show), deps.extensionUri), show);
      return;
    }
    open.panel.reveal();
    open.view.seek(show.from);
  }

  const registrations = vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(RECORD_SCHEME, documents),
    vscode.window.registerWebviewPanelSerializer(OFFSETS_VIEW, {
      deserializeWebviewPanel: async (panel, state: Partial<OffsetsState> | undefined) => {
        if (typeof state?.topic !== 'string') panel.dispose();
        else fillOffsets(panel, state.topic);
        return Promise.resolve();
      },
    }),
    vscode.window.registerWebviewPanelSerializer(REPLICAS_VIEW, {
      deserializeWebviewPanel: async (panel, state: Partial<ReplicasState> | undefined) => {
        fillReplicas(panel, typeof state?.topic === 'string' ? state.topic : null);
        return Promise.resolve();
      },
    }),
    vscode.window.registerWebviewPanelSerializer(MESSAGES_VIEW, {
      deserializeWebviewPanel: async (panel, state: Partial<MessagesState> | undefined) => {
        const show = restoredMessages(state);
        if (show === undefined) panel.dispose();
        else fillMessages(panel, show);
        return Promise.resolve();
      },
    }),
    vscode.commands.registerCommand('samsa.offsets.open', async (request?: OpenOffsetsRequest) => {
      const target = await topicTarget(deps.session, request, t('Topic to watch'));
      if (target !== undefined) openOffsets(target.topic);
    }),
    vscode.commands.registerCommand('samsa.replicas.open', (request?: Partial<TopicTarget>) =>
      openReplicas(typeof request?.topic === 'string' ? request.topic : null),
    ),
    vscode.commands.registerCommand('samsa.messages.open', (request: OpenMessagesRequest) => openMessages(request)),
  );
  return { openOffsets, openMessages, openReplicas, dispose: () => void registrations.dispose() };
}

/** As from the tree: the command asks where that is due, and says what went wrong. */
async function actOnBroker(action: BrokerAction, broker: number): Promise<void> {
  await vscode.commands.executeCommand(`samsa.broker.${action}`, { broker });
}

function messagesTitle({ topic, partition }: MessagesToShow): string {
  return partition === undefined ? topic : `${topic}-${partition}`;
}

function makePanel(viewType: string, title: string, extensionUri: vscode.Uri): vscode.WebviewPanel {
  const place = { viewColumn: vscode.ViewColumn.Active, preserveFocus: false };
  return vscode.window.createWebviewPanel(viewType, title, place, webviewOptions(extensionUri));
}

function restoredMessages(state: Partial<MessagesState> | undefined): MessagesToShow | undefined {
  if (typeof state?.topic !== 'string') return undefined;
  const { topic, partition, from = { kind: 'end' }, filter } = state;
  return {
    topic,
    from,
    ...(typeof partition === 'number' ? { partition } : {}),
    ...(filter === undefined ? {} : { filter }),
  };
}
