import * as vscode from 'vscode';
import { Admin } from '../../client/admin.ts';
import { RecordStream } from '../../client/record-stream.ts';
import { readSetting } from '../../settings/configuration.ts';
import { formatBytesAs } from '../../shared/bytes-text.ts';
import type {
  BytesFormat,
  MessagePart,
  MessagePlace,
  MessagesContract,
  MessagesFilter,
  MessagesFrom,
  MessagesState,
} from '../../shared/messages-contract.ts';
import type { ViewDeps } from '../view-deps.ts';
import { describeTrouble, notUp } from '../view-deps.ts';
import { systemClock } from '../view-clock.ts';
import { ViewHost, showView } from '../view-host.ts';
import { askFrom } from './ask-from.ts';
import { ClusterMessageSource } from './cluster-message-source.ts';
import { MessagesSession } from './messages-session.ts';
import type { RecordDocuments } from './record-documents.ts';

export const MESSAGES_VIEW = 'samsa.messages';

export interface MessagesPanelDeps extends ViewDeps {
  readonly documents: RecordDocuments;
}

export interface MessagesToShow {
  readonly topic: string;
  readonly partition?: number;
  readonly from: MessagesFrom;
  readonly filter?: MessagesFilter;
}

/** What can be asked of an open panel. */
export interface MessagesPanel {
  seek(from: MessagesFrom): void;
}

/** Ties the records of one topic to one panel, until the panel is closed. Reading goes on while the panel is hidden. */
export function fillMessagesPanel(
  panel: vscode.WebviewPanel,
  show: MessagesToShow,
  deps: MessagesPanelDeps,
): MessagesPanel {
  const { session } = deps;
  const records = new MessagesSession({
    ...show,
    cluster: session.id,
    source: new ClusterMessageSource({
      admin: () => new Admin(session.client()),
      stream: (options) => new RecordStream(session.client(), options),
    }),
    clock: systemClock,
    send: (status) => host.send('status', status),
    describe: (error) => (isUnknownTopic(error) ? 'gone' : describeTrouble(session, error)),
    capacity: readSetting('messages.bufferSize'),
  });
  const host = new ViewHost<MessagesContract>(panel.webview, {
    open: () => records.status,
    page: ({ revision, place }) => records.page(revision, place),
    detail: ({ revision, place }) => records.detail(revision, place),
    filter: done((filter) => records.setFilter(filter)),
    seek: async ({ from }) => {
      const wanted = from ?? (await askFrom(show.topic));
      if (wanted !== undefined) records.seek(wanted);
      return null;
    },
    pause: done(() => records.pause()),
    resume: done(() => records.resume()),
    clear: done(() => records.clear()),
    retry: done(() => records.reconnect()),
    startCluster: async () => {
      await deps.startCluster();
      return null;
    },
    produce: async () => {
      await deps.produce(show.topic);
      return null;
    },
    close: done(() => panel.dispose()),
    copy: async (wanted) => {
      const { text } = partText(records, wanted);
      await vscode.env.clipboard.writeText(text);
      return null;
    },
    openInEditor: async (wanted) => {
      const { text, name } = partText(records, wanted);
      await deps.documents.open(`${show.topic}-${name}`, text);
      return null;
    },
  });
  const subscriptions = [
    session.onDidChange(() => {
      if (session.isUp) records.reconnect();
      else records.disconnect(notUp());
    }),
    host,
    records,
  ];
  panel.onDidDispose(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });
  const state: Omit<MessagesState, 'filter'> & { filter?: MessagesFilter } = { cluster: session.id, ...show };
  panel.iconPath = new vscode.ThemeIcon('output');
  showView(panel.webview, { view: 'messages', title: panel.title, extensionUri: deps.extensionUri, state });
  records.start();
  return { seek: (from) => records.seek(from) };
}

function done<P>(act: (params: P) => void): (params: P) => null {
  return (params) => {
    act(params);
    return null;
  };
}

function isUnknownTopic(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UNKNOWN_TOPIC_OR_PARTITION';
}

const EXTENSIONS: Readonly<Record<BytesFormat, string>> = { text: 'txt', json: 'json', hex: 'txt' };

/** A whole key or value as text, and the rest of a file name for it. */
function partText(
  records: MessagesSession,
  { revision, place, part, format }: MessagePlace & { readonly part: MessagePart; readonly format: BytesFormat },
): { readonly text: string; readonly name: string } {
  const record = records.record(revision, place);
  const bytes = record?.[part];
  if (record === undefined || bytes === undefined || bytes === null) {
    throw new Error('The record is no longer in the buffer.');
  }
  const name = `${record.partition}-${record.offset}-${part}.${EXTENSIONS[format]}`;
  return { text: formatBytesAs(bytes, format), name };
}
