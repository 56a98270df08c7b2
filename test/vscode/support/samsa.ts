import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { CommandArguments, CommandId } from '../../../extension/commands/command-id.ts';
import type { TreeNode } from '../../../extension/explorer/tree-node.ts';
import type { Samsa } from '../../../extension/extension.ts';

const extensionId = 'samsa.samsa';

export function samsaExtension(): vscode.Extension<Samsa> {
  const extension = vscode.extensions.getExtension<Samsa>(extensionId);
  assert.ok(extension, `${extensionId} is not installed`);
  return extension;
}

/** The extension as it runs in this window. */
export function samsa(): Promise<Samsa> {
  return Promise.resolve(samsaExtension().activate());
}

export async function run<Id extends CommandId>(id: Id, ...args: CommandArguments[Id]): Promise<unknown> {
  return vscode.commands.executeCommand(id, ...args);
}

/** A setting of the user, or its default again. */
export async function set(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('samsa').update(name, value, vscode.ConfigurationTarget.Global);
}

/** Waits for a condition that comes by itself. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await delay(50);
  }
}

/** Rows below a path of keys; read anew. */
export async function rowsAt(...keys: string[]): Promise<TreeNode[]> {
  const { explorer } = await samsa();
  await explorer.refresh();
  let node: TreeNode | undefined;
  for (const key of keys) {
    const rows = await explorer.getChildren(node);
    node = rows.find((row) => row.key === key);
    assert.ok(node, `no row '${key}' among ${rows.map((row) => `'${row.key}'`).join(', ')}`);
  }
  return explorer.getChildren(node);
}

/** The one row with a key below a path. */
export async function rowAt(...keys: string[]): Promise<TreeNode> {
  const rows = await rowsAt(...keys.slice(0, -1));
  const row = rows.find(({ key }) => key === keys.at(-1));
  assert.ok(row, `no row '${keys.at(-1)}' among ${rows.map(({ key }) => `'${key}'`).join(', ')}`);
  return row;
}

/** `label | description` of rows. */
export function texts(rows: readonly TreeNode[]): string[] {
  return rows.map(({ look }) => (look.description ? `${look.label} | ${look.description}` : look.label));
}
