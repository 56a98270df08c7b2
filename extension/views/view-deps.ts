import type * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import { ClusterError, messageOf } from '../cluster/cluster-error.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { t } from '../settings/localize.ts';
import type { Trouble } from './offsets/offsets-feed.ts';

export type Session = ClusterSession<ClusterClient>;

/** What views are made from. */
export interface ViewDeps {
  readonly extensionUri: vscode.Uri;
  readonly session: Session;
  /** Opens the form that writes a record; resolves when it is done or left. */
  readonly produce: (topic: string) => Promise<void>;
  readonly startCluster: () => Promise<void>;
}

/** What stands in the way of asking the cluster, and the one step that leads on. */
export function describeTrouble(session: Session, error: unknown): Trouble {
  const { state } = session;
  if (session.isUp) return { message: messageOf(error), next: 'retry' };
  if (state.kind === 'failed') return { message: state.message, next: 'start' };
  if (state.kind === 'starting') return { message: t('It is starting.'), next: 'retry' };
  return { message: t('Start it to go on.'), next: 'start' };
}

/** For views that are told that the cluster went away before they notice. */
export function notUp(): ClusterError {
  return new ClusterError('WRONG_STATE', t('The cluster is not running.'));
}
