import * as vscode from 'vscode';
import type { OpenMessagesRequest, OpenOffsetsRequest } from '../commands/command-id.ts';
import { topicTarget } from '../commands/topic-target.ts';
import { t } from '../settings/localize.ts';
import type { MessagesState } from '../shared/messages-contract.ts';
import type { OffsetsState } from '../shared/offsets-contract.ts';
import { MESSAGES_VIEW, fillMessagesPanel } from './messages/messages-panel.ts';
import type { MessagesPanel, MessagesToShow } from './messages/messages-panel.ts';
import { RECORD_SCHEME, RecordDocuments } from './messages/record-documents.ts';
import { OFFSETS_VIEW, fillOffsetsPanel } from './offsets/offsets-panel.ts';
import type { ViewDeps } from './view-deps.ts';
import { webviewOptions } from './view-host.ts';

/** What other parts of the extension can open. */
export interface Views extends vscode.Disposable {
  openOffsets(topic: string): void;
  openMessages(show: MessagesToShow): void;
}

/**
 * Registers the Offsets and Messages views with their commands, and brings back the panels of a window that was reloaded.
 * There is one panel per topic (and partition) and view; opening it again reveals it.
 */
export function registerViews(deps: ViewDeps): Views {
  const documents = new RecordDocuments();
  const offsets = new Map<string, vscode.WebviewPanel>();
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
    vscode.commands.registerCommand('samsa.messages.open', (request: OpenMessagesRequest) => openMessages(request)),
  );
  return { openOffsets, openMessages, dispose: () => void registrations.dispose() };
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
