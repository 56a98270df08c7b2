import * as vscode from 'vscode';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { t } from '../settings/localize.ts';
import type { OpenMessagesRequest, TopicTarget } from './command-id.ts';
import { textStep } from './input.ts';
import { runSteps } from './steps.ts';
import { wholeNumberProblem } from './topic-input.ts';
import { topicTarget } from './topic-target.ts';

type Session = ClusterSession<ClusterClient>;

/** Opens the messages of a topic or partition, from its beginning or its end. */
export async function readFrom(session: Session, kind: 'beginning' | 'end', given?: TopicTarget): Promise<void> {
  const target = await topicTarget(session, given, t('Topic to read'));
  if (target !== undefined) await open({ ...target, from: { kind } });
}

/** Opens the messages of a topic or partition from an offset, which is asked for unless it is given. */
export async function readFromOffset(
  session: Session,
  given?: TopicTarget & { readonly offset?: number },
): Promise<void> {
  const target = await topicTarget(session, given, t('Topic to read'));
  if (target === undefined) return;
  const offset = given?.offset ?? (await askForOffset(target));
  if (offset !== undefined) await open({ ...target, from: { kind: 'offset', offset } });
}

async function askForOffset({ topic, partition }: TopicTarget): Promise<number | undefined> {
  let offset = '0';
  const step = textStep({
    title: partition === undefined ? topic : `${topic}-${partition}`,
    prompt: partition === undefined ? t('Offset to start from, in every partition') : t('Offset to start from'),
    value: () => offset,
    problem: (value) => wholeNumberProblem(value, 0, Number.MAX_SAFE_INTEGER),
    accept: (value) => (offset = value),
  });
  return (await runSteps([step])) ? Number(offset) : undefined;
}

async function open(request: OpenMessagesRequest): Promise<void> {
  await vscode.commands.executeCommand('samsa.messages.open', request);
}
