import * as vscode from 'vscode';
import { plural } from '../shared/format.ts';
import { Admin } from '../client/admin.ts';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { TopicMetadata } from '../client/cluster-metadata.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { readSetting } from '../settings/configuration.ts';
import { t } from '../settings/localize.ts';
import type { TopicTarget } from './command-id.ts';

/** The topic that a command is about: of the row it was called from, else one that the person chooses. */
export async function topicTarget(
  session: ClusterSession<ClusterClient>,
  given: TopicTarget | undefined,
  placeholder: string,
): Promise<TopicTarget | undefined> {
  if (typeof given?.topic === 'string') {
    const { topic, partition } = given;
    return partition === undefined ? { topic } : { topic, partition };
  }
  const includeInternal = readSetting('explorer.showInternalTopics');
  const topics = await new Admin(session.client()).listTopics({ includeInternal });
  if (topics.length === 0) {
    const create = t('Create Topic');
    const pressed = await vscode.window.showInformationMessage(t('There is no topic yet.'), create);
    if (pressed === create) await vscode.commands.executeCommand('samsa.topic.create');
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(topics.map(topicItem), { placeHolder: placeholder });
  return picked && { topic: picked.label };
}

function topicItem({ name, partitions }: TopicMetadata): vscode.QuickPickItem {
  return {
    label: name,
    description: plural(partitions.length, 'partition'),
    iconPath: new vscode.ThemeIcon('symbol-array'),
  };
}
