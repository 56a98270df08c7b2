import * as vscode from 'vscode';
import { Admin } from '../client/admin.ts';
import type { ClusterClient } from '../client/cluster-client.ts';
import { Producer } from '../client/producer.ts';
import type { ProducedRecord } from '../client/producer.ts';
import type { ClusterSession } from '../explorer/cluster-session.ts';
import { t } from '../settings/localize.ts';
import { formatCount } from '../shared/format.ts';
import type { CommandId, OpenMessagesRequest, ProduceRequest, TopicTarget } from './command-id.ts';
import { pickStep, textStep } from './input.ts';
import { runSteps } from './steps.ts';
import { headersProblem, parseHeaders } from './topic-input.ts';
import { topicTarget } from './topic-target.ts';

type Session = ClusterSession<ClusterClient>;

/** Writes one record; asks for key, value, headers and partition unless they are given. */
export async function produceMessage(
  session: Session,
  given?: ProduceRequest | TopicTarget,
): Promise<ProducedRecord | undefined> {
  if (given !== undefined && 'value' in given) return produce(session, given);
  const target = await topicTarget(session, given, t('Topic to write to'));
  const request = target && (await askForMessage(session, target));
  if (request === undefined) return undefined;
  const record = await produce(session, request);
  void tellWhere(record);
  return record;
}

async function produce(session: Session, request: ProduceRequest): Promise<ProducedRecord> {
  const { topic, partition, key, value, headers } = request;
  const producer = new Producer(session.client(), { idempotent: false, allowAutoTopicCreation: false });
  try {
    const [record] = await producer.produce(topic, partition ?? null, [{ key, value, headers }]);
    session.contentsChanged();
    return record as ProducedRecord;
  } finally {
    await producer.close();
  }
}

interface PartitionItem extends vscode.QuickPickItem {
  /** Undefined: by key. */
  readonly partition: number | undefined;
}

async function askForMessage(session: Session, target: TopicTarget): Promise<ProduceRequest | undefined> {
  const [topic] = await new Admin(session.client()).describeTopics([target.topic]);
  if (topic?.error) throw topic.error;
  const byKey: PartitionItem = { label: t('By key, as Kafka clients do'), partition: undefined };
  const items = [byKey, ...(topic?.partitions ?? []).map(partitionItem)];
  const title = t("Produce to '{0}'", target.topic);
  const answer = {
    key: '',
    value: '' as string | null,
    headers: '',
    item: items.find(({ partition }) => partition === target.partition) ?? byKey,
  };
  const isDone = await runSteps([
    textStep({
      title,
      prompt: t('Key. Empty: none'),
      value: () => answer.key,
      accept: (value) => (answer.key = value),
    }),
    textStep({
      title,
      prompt: t('Value'),
      value: () => answer.value ?? '',
      accept: (value) => (answer.value = value),
      button: { icon: 'circle-slash', tooltip: t('No value: a tombstone'), accept: () => (answer.value = null) },
    }),
    textStep({
      title,
      prompt: t('Headers. Empty: none'),
      placeholder: t('name=value, name=value'),
      value: () => answer.headers,
      problem: headersProblem,
      accept: (value) => (answer.headers = value),
    }),
    pickStep({
      title,
      placeholder: t('Partition'),
      items,
      active: () => answer.item,
      accept: (item) => (answer.item = item),
    }),
  ]);
  if (!isDone) return undefined;
  const { partition } = answer.item;
  return {
    topic: target.topic,
    ...(partition === undefined ? {} : { partition }),
    key: answer.key === '' ? null : answer.key,
    value: answer.value,
    headers: parseHeaders(answer.headers),
  };
}

function partitionItem({ partition, leader }: { partition: number; leader: number }): PartitionItem {
  const description = leader < 0 ? t('no leader') : t('led by broker {0}', leader);
  return { label: t('Partition {0}', partition), description, partition };
}

const openMessages: CommandId = 'samsa.messages.open';

async function tellWhere({ topic, partition, offset }: ProducedRecord): Promise<void> {
  const show = t('Show Messages');
  const message = t('Written to {0} at offset {1}.', `${topic}-${partition}`, formatCount(offset));
  if ((await vscode.window.showInformationMessage(message, show)) !== show) return;
  const request: OpenMessagesRequest = { topic, partition, from: { kind: 'offset', offset } };
  await vscode.commands.executeCommand(openMessages, request);
}
