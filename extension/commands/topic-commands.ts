import * as vscode from 'vscode';
import { Admin } from '../client/admin.ts';
import type { ClusterClient } from '../client/cluster-client.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { expectMajority } from '../explorer/expect-majority.ts';
import { t } from '../settings/localize.ts';
import type { CreateTopicRequest, DeleteTopicRequest, TopicTarget } from './command-id.ts';
import { textStep } from './input.ts';
import { withProgress } from './progress.ts';
import { runSteps } from './steps.ts';
import { mostPartitions, topicNameProblem, wholeNumberProblem } from './topic-input.ts';
import { topicTarget } from './topic-target.ts';

type Session = ClusterSession<ClusterClient>;

/** Makes a topic; asks for name, partitions and replication unless they are given. */
export async function createTopic(session: Session, given?: Partial<CreateTopicRequest>): Promise<void> {
  const request = isWhole(given) ? given : await askForTopic(session);
  if (request === undefined) return;
  const { topic, partitions, replicationFactor } = request;
  await expectMajority(session, t("Topic '{0}' cannot be created.", topic));
  const creating = new Admin(session.client()).createTopics([{ name: topic, partitions, replicationFactor }]);
  await withProgress(t("Creating topic '{0}'", topic), creating);
  const [created] = await creating;
  if (created?.error) throw created.error;
  session.contentsChanged();
}

/** A row of the tree may come along too; it is no request. */
function isWhole(given: Partial<CreateTopicRequest> | undefined): given is CreateTopicRequest {
  return given?.topic !== undefined && given.partitions !== undefined && given.replicationFactor !== undefined;
}

async function askForTopic(session: Session): Promise<CreateTopicRequest | undefined> {
  const client = session.client();
  const [topics, { brokers }] = await Promise.all([new Admin(client).listTopics(), client.metadata()]);
  const taken = new Set(topics.map(({ name }) => name));
  const most = Math.max(1, brokers.length);
  const title = t('Create Topic');
  const answer = { topic: '', partitions: '3', replicationFactor: String(Math.min(3, most)) };
  const steps = [
    textStep({
      title,
      prompt: t('Name'),
      placeholder: t('letters, digits, dots, underscores, hyphens'),
      value: () => answer.topic,
      problem: (value) => topicNameProblem(value.trim(), taken),
      accept: (value) => (answer.topic = value.trim()),
    }),
    textStep({
      title,
      prompt: t('Partitions: units of order, storage and parallelism. More can be added later, never fewer.'),
      value: () => answer.partitions,
      problem: (value) => wholeNumberProblem(value, 1, mostPartitions),
      accept: (value) => (answer.partitions = value),
    }),
    textStep({
      title,
      prompt:
        most === 1 ? t('Replication factor: 1, as there is one broker.') : t('Replication factor: 1 to {0}.', most),
      value: () => answer.replicationFactor,
      problem: (value) => wholeNumberProblem(value, 1, most),
      accept: (value) => (answer.replicationFactor = value),
    }),
  ];
  if (!(await runSteps(steps))) return undefined;
  const { topic, partitions, replicationFactor } = answer;
  return { topic, partitions: Number(partitions), replicationFactor: Number(replicationFactor) };
}

/** Deletes a topic, after a question that names it. */
export async function deleteTopic(session: Session, given?: DeleteTopicRequest | TopicTarget): Promise<void> {
  const target = await topicTarget(session, given, t('Topic to delete'));
  if (target === undefined) return;
  const isAgreed = given !== undefined && 'confirmed' in given && given.confirmed === true;
  if (!isAgreed && !(await confirmDelete(target.topic))) return;
  await expectMajority(session, t("Topic '{0}' cannot be deleted.", target.topic));
  const deleting = new Admin(session.client()).deleteTopics([target.topic]);
  await withProgress(t("Deleting topic '{0}'", target.topic), deleting);
  const [deleted] = await deleting;
  if (deleted?.error) throw deleted.error;
  session.contentsChanged();
}

async function confirmDelete(topic: string): Promise<boolean> {
  const yes = t('Delete');
  const detail = t('All its records are lost. This cannot be undone.');
  const pressed = await vscode.window.showWarningMessage(t("Delete topic '{0}'?", topic), { modal: true, detail }, yes);
  return pressed === yes;
}

export async function copyTopicName(session: Session, given?: TopicTarget): Promise<void> {
  const target = await topicTarget(session, given, t('Topic'));
  if (target !== undefined) await vscode.env.clipboard.writeText(target.topic);
}
