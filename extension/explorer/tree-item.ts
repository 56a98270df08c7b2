import * as vscode from 'vscode';
import type { NodeLook, TreeNode } from './tree-node.ts';

const collapsibleStates = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
} as const;

/** A row as VS Code draws it. */
export function treeItem(node: TreeNode): vscode.TreeItem {
  const { look } = node;
  const item = new vscode.TreeItem(look.label, collapsibleStates[node.spec.children]);
  item.id = node.id;
  item.contextValue = look.contextValue;
  item.iconPath = new vscode.ThemeIcon(look.icon, look.iconColor && new vscode.ThemeColor(look.iconColor));
  if (look.description !== undefined) item.description = look.description;
  item.tooltip = look.tooltip === undefined ? undefined : new vscode.MarkdownString(look.tooltip);
  if (look.accessibilityLabel !== undefined) item.accessibilityInformation = { label: look.accessibilityLabel };
  if (look.command !== undefined) {
    item.command = { command: look.command.id, title: look.command.title, arguments: [...look.command.args] };
  }
  const decoration = decorationUri(node.id, look);
  if (decoration !== undefined) item.resourceUri = decoration;
  return item;
}

const scheme = 'samsa-explorer';

/** VS Code dims and badges rows by their URI: it carries all that the decoration says. */
function decorationUri(id: string, look: NodeLook): vscode.Uri | undefined {
  if (look.dimmed !== true && look.badge === undefined) return undefined;
  const query = JSON.stringify({ dimmed: look.dimmed, badge: look.badge });
  return vscode.Uri.from({ scheme, path: `/${id}`, query });
}

/** Dims internal topics and marks the controller. */
export const decorations: vscode.FileDecorationProvider = {
  provideFileDecoration(uri) {
    if (uri.scheme !== scheme) return undefined;
    const { dimmed, badge } = JSON.parse(uri.query) as Pick<NodeLook, 'dimmed' | 'badge'>;
    const color = dimmed === true ? new vscode.ThemeColor('disabledForeground') : undefined;
    return { propagate: false, ...(color && { color }), ...(badge && { badge: badge.text, tooltip: badge.tooltip }) };
  },
};
