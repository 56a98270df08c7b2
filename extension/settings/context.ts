import * as vscode from 'vscode';
import type { ContextKey, ContextKeys } from './context-key.ts';

/** Sets a key for `when` clauses. Failure is harmless and means that VS Code is going away. */
export function setContext<Key extends ContextKey>(key: Key, value: ContextKeys[Key]): void {
  vscode.commands.executeCommand('setContext', key, value).then(undefined, () => undefined);
}
