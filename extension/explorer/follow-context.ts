import * as vscode from 'vscode';
import { onDidChangeSetting, readSetting } from '../settings/configuration.ts';
import { setContext } from '../settings/context.ts';
import type { ClusterSession } from './cluster-session.ts';

/** Keeps the keys of `when` clauses in step with session and settings. */
export function followContext<Client>(session: ClusterSession<Client>): vscode.Disposable {
  const tellState = (): void => {
    setContext('samsa.state', session.state.kind);
    setContext('samsa.up', session.isUp);
  };
  const tellSettings = (): void => {
    setContext('samsa.showInternalTopics', readSetting('explorer.showInternalTopics'));
  };
  tellState();
  tellSettings();
  return vscode.Disposable.from(
    session.onDidChange(tellState),
    onDidChangeSetting(['explorer.showInternalTopics'], tellSettings),
  );
}
