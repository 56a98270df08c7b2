import { Admin } from '../client/admin.ts';
import type { NewTopic } from '../client/admin/topics.ts';
import type { TopicMetadata } from '../client/cluster-metadata.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { clusterTool, messageOf, withClient } from './cluster-tool.ts';
import { exceptionName, logLine } from './log-line.ts';
import type { ParsedOptions } from './option-parser.ts';
import { print, type ToolIo } from './tool-io.ts';
import { isInternalTopic, topicFilter } from './topic-filter.ts';
import { describeTopics } from './topics-describe.ts';
import { topicAction, TOPIC_ACTIONS, TOPICS_OPTIONS, type TopicAction } from './topics-options.ts';

const LOGGER = 'org.apache.kafka.tools.TopicCommand';

/** `kafka-topics`: creates, lists, describes, alters and deletes topics. */
export const run = clusterTool({
  about: 'Creates, lists, describes, changes and deletes topics.',
  options: TOPICS_OPTIONS,
  execute: async (options, io) => {
    if (TOPIC_ACTIONS.some((name) => options.has(name)) && !options.has('bootstrap-server')) {
      print(io.stderr, '--bootstrap-server must be specified');
      return 1;
    }
    const action = topicAction(options);
    if (options.has('delete-config')) print(io.stderr, 'Option --delete-config has no effect; use kafka-configs.');
    await withClient(options, io, (client) => ACTIONS[action](new Admin(client), options, io));
    return 0;
  },
  fail: (error, io) => {
    const message = messageOf(error);
    print(io.stdout, `Error while executing topic command : ${message}`);
    if (error instanceof KafkaError) logLine(io.stderr, 'ERROR', `${exceptionName(error.code)}: ${message}\n`, LOGGER);
    return 1;
  },
});

type Action = (admin: Admin, options: ParsedOptions, io: ToolIo) => Promise<void>;

const ACTIONS: Readonly<Record<TopicAction, Action>> = {
  create,
  alter,
  delete: remove,
  async list(admin, options, io) {
    const topics = await matchingTopics(admin, options);
    for (const { name } of topics) print(io.stdout, name);
  },
  async describe(admin, options, io) {
    const topics = await matchingTopics(admin, options);
    expectSome(topics, options);
    await describeTopics(
      admin,
      topics.map(({ name }) => name),
      options,
      io.stdout,
    );
  },
};

/** Existing topics that the options select, by name, ascending. */
async function matchingTopics(admin: Admin, options: ParsedOptions): Promise<TopicMetadata[]> {
  const pattern = options.value('topic');
  const matches = pattern === undefined ? () => true : topicFilter(pattern);
  const id = options.value('topic-id');
  if (id !== undefined) checkTopicId(id);
  const topics = await admin.listTopics();
  return topics.filter(
    ({ name, topicId, isInternal }) =>
      matches(name) &&
      (id === undefined || topicId === id) &&
      !(options.has('exclude-internal') && (isInternal || isInternalTopic(name))),
  );
}

function checkTopicId(id: string): void {
  const bytes = Buffer.from(id, 'base64url').length;
  if (bytes !== 16) throw new Error(`Topic id '${id}' has ${bytes} bytes; an id has 16 bytes, in URL-safe base64`);
}

/** @throws Error when a topic was named and there is none, unless --if-exists */
function expectSome(topics: readonly unknown[], options: ParsedOptions): void {
  if (topics.length > 0 || options.has('if-exists')) return;
  if (options.has('topic-id')) throw new Error(`TopicId '${options.value('topic-id')}' does not exist as expected`);
  if (options.has('topic')) throw new Error(`Topic '${options.value('topic')}' does not exist as expected`);
}

async function create(admin: Admin, options: ParsedOptions, io: ToolIo): Promise<void> {
  const topic = newTopic(options);
  if (/[._]/.test(topic.name)) {
    print(io.stdout, "WARNING: '.' and '_' mean the same in the names of metrics: use one of them, not both.");
  }
  const [result] = await admin.createTopics([topic]);
  const exists = result?.error?.code === 'TOPIC_ALREADY_EXISTS' && options.has('if-not-exists');
  if (exists) return;
  if (result?.error) throw result.error;
  print(io.stdout, `Created topic ${topic.name}.`);
}

function newTopic(options: ParsedOptions): NewTopic {
  const partitions = options.integer('partitions');
  const replicationFactor = options.integer('replication-factor');
  const assignment = options.value('replica-assignment');
  if (partitions !== undefined && partitions < 1) throw new Error('The partitions must be greater than 0');
  if (replicationFactor !== undefined && (replicationFactor < 1 || replicationFactor > 0x7fff)) {
    throw new Error('The replication factor must be between 1 and 32767 inclusive');
  }
  return {
    name: options.required('topic'),
    configs: topicConfigs(options.values('config')),
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(assignment === undefined ? {} : { assignment: parseAssignment(assignment) }),
  };
}

function topicConfigs(pairs: readonly string[]): Record<string, string> {
  const configs: Record<string, string> = {};
  for (const pair of pairs) {
    const match = /^\s*([^=]+?)\s*=(.*)$/s.exec(pair);
    if (match === null) throw new Error(`Invalid topic config '${pair}': write it as key=val`);
    configs[match[1]!] = match[2]!.trim();
  }
  return configs;
}

/** `1:2,2:3`: the brokers of each partition. */
function parseAssignment(text: string): number[][] {
  const assignment = text.split(',').map((list) => list.split(':').map((id) => parseBrokerId(id.trim())));
  const size = assignment[0]!.length;
  assignment.forEach((brokers, partition) => {
    const twice = brokers.find((id, index) => brokers.indexOf(id) !== index);
    if (twice !== undefined) throw new Error(`Partition replica lists may not contain duplicate entries: ${twice}`);
    if (brokers.length !== size) {
      throw new Error(`Partition ${partition} has ${brokers.length} replicas, the ones before it ${size}`);
    }
  });
  return assignment;
}

function parseBrokerId(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`'${text}' is not a broker id`);
  return Number(text);
}

async function alter(admin: Admin, options: ParsedOptions): Promise<void> {
  const totalCount = options.integer('partitions')!;
  const given = options.value('replica-assignment');
  const topics = await matchingTopics(admin, options);
  expectSome(topics, options);
  if (topics.length === 0) return;
  const assignment = given === undefined ? undefined : parseAssignment(given);
  const results = await admin.createPartitions(
    topics.map(({ name, partitions }) => ({
      name,
      totalCount,
      ...(assignment === undefined ? {} : { assignment: assignment.slice(partitions.length) }),
    })),
  );
  throwFirst(results);
}

async function remove(admin: Admin, options: ParsedOptions): Promise<void> {
  const topics = await matchingTopics(admin, options);
  expectSome(topics, options);
  if (topics.length > 0) throwFirst(await admin.deleteTopics(topics.map(({ name }) => name)));
}

function throwFirst(results: readonly { readonly error: Error | null }[]): void {
  const failed = results.find(({ error }) => error !== null);
  if (failed?.error) throw failed.error;
}
