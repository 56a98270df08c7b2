import * as vscode from 'vscode';
import type { CommandId } from '../commands/command-id.ts';
import { t } from '../settings/localize.ts';
import type { SessionState } from './cluster-session.ts';
import type { Event } from './emitter.ts';
import { statusLook } from './status-look.ts';

const menu: CommandId = 'samsa.cluster.showMenu';

/** The one item in the status bar: state and address; a click leads to what can be done. */
export function createStatusBar(state: () => SessionState, onDidChange: Event<SessionState>): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('samsa.cluster', vscode.StatusBarAlignment.Left, 0);
  item.name = t('Samsa Kafka cluster');
  item.command = menu;
  const show = (): void => {
    const look = statusLook(state());
    item.text = look.text;
    item.tooltip = `${look.tooltip}. ${t('Click for what you can do.')}`;
    item.accessibilityInformation = { label: look.tooltip, role: 'button' };
    item.backgroundColor = look.isWarning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  };
  show();
  item.show();
  return vscode.Disposable.from(item, onDidChange(show));
}
