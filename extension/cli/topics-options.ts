import { BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION } from './cluster-tool.ts';
import { refuseBeside, UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';

export const TOPICS_OPTIONS: readonly OptionSpec[] = [
  BOOTSTRAP_OPTION,
  COMMAND_CONFIG_OPTION,
  { name: 'list', about: 'List topics.' },
  { name: 'create', about: 'Create a topic.' },
  { name: 'delete', about: 'Delete topics.' },
  { name: 'alter', about: 'Raise the number of partitions of topics.' },
  { name: 'describe', about: 'Show partitions, leaders, replicas and settings of topics.' },
  {
    name: 'topic',
    argument: 'name',
    about: 'The topic. A regular expression but for --create; commas separate alternatives.',
  },
  { name: 'topic-id', argument: 'id', about: 'The id of the topic to describe.' },
  {
    name: 'config',
    argument: 'name=value',
    about: 'A setting of the topic to create; may be given several times. kafka-configs changes settings later.',
  },
  { name: 'delete-config', argument: 'name', about: 'Without effect since Kafka 4.0; use kafka-configs.' },
  { name: 'partitions', argument: 'count', about: "How many partitions; the cluster's default if not given." },
  {
    name: 'replication-factor',
    argument: 'count',
    about: "How many replicas of each partition; the cluster's default if not given.",
  },
  {
    name: 'replica-assignment',
    argument: 'id:id,id:id,…',
    about: 'Brokers of each partition, preferred leader first; in place of the two counts.',
  },
  { name: 'under-replicated-partitions', about: 'With --describe: only partitions with replicas that lag behind.' },
  { name: 'unavailable-partitions', about: 'With --describe: only partitions without a leader.' },
  {
    name: 'under-min-isr-partitions',
    about: 'With --describe: only partitions with fewer in-sync replicas than min.insync.replicas.',
  },
  {
    name: 'at-min-isr-partitions',
    about: 'With --describe: only partitions with exactly min.insync.replicas in-sync replicas.',
  },
  { name: 'topics-with-overrides', about: 'With --describe: only topics with settings of their own.' },
  { name: 'if-exists', about: 'With --alter, --delete, --describe: no error when there is no such topic.' },
  { name: 'if-not-exists', about: 'With --create: no error when there is such a topic.' },
  { name: 'exclude-internal', about: "With --list, --describe: leave out Kafka's own topics." },
  {
    name: 'partition-size-limit-per-response',
    argument: 'count',
    about: 'With --describe: how many partitions to ask for at a time.',
  },
];

export const TOPIC_ACTIONS = ['create', 'list', 'alter', 'describe', 'delete'] as const;
export type TopicAction = (typeof TOPIC_ACTIONS)[number];

const REPORTS = [
  'under-replicated-partitions',
  'unavailable-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
];

/** Options that only some actions know. */
const ONLY_WITH: Readonly<Record<string, readonly TopicAction[]>> = {
  config: ['create'],
  partitions: ['create', 'alter'],
  'replication-factor': ['create'],
  'replica-assignment': ['create', 'alter'],
  'if-exists': ['alter', 'delete', 'describe'],
  'if-not-exists': ['create'],
  'exclude-internal': ['list', 'describe'],
  'topics-with-overrides': ['describe'],
  'under-replicated-partitions': ['describe'],
  'unavailable-partitions': ['describe'],
  'under-min-isr-partitions': ['describe'],
  'at-min-isr-partitions': ['describe'],
  'topic-id': ['describe'],
};

/** The one action that was asked for. Throws UsageError when options do not go together. */
export function topicAction(options: ParsedOptions): TopicAction {
  const actions = TOPIC_ACTIONS.filter((name) => options.has(name));
  if (actions.length !== 1) {
    throw new UsageError('Command must include exactly one action: --list, --describe, --create, --alter or --delete');
  }
  const action = actions[0]!;
  if (action === 'describe' && options.has('topic')) refuseBeside(options, 'topic-id', ['topic']);
  if ((action === 'create' || action === 'alter' || action === 'delete') && !options.has('topic')) {
    throw new UsageError('Missing required argument "[topic]"');
  }
  if (action === 'alter' && options.has('config')) {
    throw new UsageError(`Option "[config]" can't be used with option "[alter]"; kafka-configs changes settings`);
  }
  if (action === 'alter' && !options.has('partitions'))
    throw new UsageError('Missing required argument "[partitions]"');
  for (const [option, allowed] of Object.entries(ONLY_WITH)) {
    if (!allowed.includes(action)) refuseBeside(options, option, [action]);
  }
  if (action === 'create') refuseBeside(options, 'replica-assignment', ['partitions', 'replication-factor']);
  if (options.has('topics-with-overrides')) refuseBeside(options, 'topics-with-overrides', REPORTS);
  return action;
}
