import * as vscode from 'vscode';
import { dirname } from 'node:path';
import { t } from '../settings/localize.ts';
import type { FileTarget } from './command-id.ts';

/** Opens a file of a log directory in the editor that is meant for its name. */
export async function openSegmentFile(given?: FileTarget): Promise<void> {
  const uri = typeof given?.path === 'string' ? vscode.Uri.file(given.path) : await chooseFile();
  if (uri !== undefined) await vscode.commands.executeCommand('vscode.open', uri);
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({ title: t('Open Segment File'), canSelectMany: false });
  return chosen?.[0];
}

/** Shows the folder of a file to the person. */
export async function revealSegmentFile(given?: FileTarget): Promise<void> {
  if (typeof given?.path === 'string') await openFolder(dirname(given.path), vscode.Uri.file(given.path));
}

/**
 * Opens a folder where the person can work with it: the system's file manager on a desktop. Where the extension runs on
 * another machine or in a browser there is none, and a terminal in that folder is the next best thing.
 */
export async function openFolder(path: string, file?: vscode.Uri): Promise<void> {
  const isLocalDesktop = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  if (!isLocalDesktop) {
    vscode.window.createTerminal({ name: t('Kafka data'), cwd: path, iconPath: new vscode.ThemeIcon('folder') }).show();
  } else if (file === undefined) {
    await vscode.env.openExternal(vscode.Uri.file(path));
  } else {
    await vscode.commands.executeCommand('revealFileInOS', file);
  }
}
