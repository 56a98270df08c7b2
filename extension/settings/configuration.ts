import * as vscode from 'vscode';
import { validSetting } from './setting.ts';
import type { SettingName, Settings } from './setting.ts';

const section = 'samsa';

/** The setting as it counts now, in this window. */
export function readSetting<Name extends SettingName>(name: Name): Settings[Name] {
  return validSetting(name, vscode.workspace.getConfiguration(section).get<unknown>(name));
}

/** Writes where the value is set already (workspace before user), else for the user. */
export async function writeSetting<Name extends SettingName>(name: Name, value: Settings[Name]): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  const inWorkspace = configuration.inspect(name)?.workspaceValue !== undefined;
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration.update(name, value, target);
}

/** Calls the listener after any of the settings changed. */
export function onDidChangeSetting(names: readonly SettingName[], listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (names.some((name) => change.affectsConfiguration(`${section}.${name}`))) listener();
  });
}
