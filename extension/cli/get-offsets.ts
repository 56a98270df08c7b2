import { Admin } from '../client/admin.ts';
import type { OffsetSpec } from '../client/admin/offsets.ts';
import type { TopicMetadata } from '../client/cluster-metadata.ts';
import type { TopicPartition } from '../client/leader-routing.ts';
import { BOOTSTRAP_OPTION, clusterTool, COMMAND_CONFIG_OPTION, messageOf, withClient } from './cluster-tool.ts';
import { UsageError, type ParsedOptions } from './option-parser.ts';
import { print } from './tool-io.ts';
import { isInternalTopic, topicFilter } from './topic-filter.ts';

/** `kafka-get-offsets`: offsets of partitions, as `topic:partition:offset`. */
export const run = clusterTool({
  about: 'Prints offsets of partitions.',
  options: [
    BOOTSTRAP_OPTION,
    COMMAND_CONFIG_OPTION,
    { name: 'topic', argument: 'name', about: 'The topic, or a regular expression; all topics if not given.' },
    { name: 'partitions', argument: 'ids', about: 'Partitions, separated by commas; all if not given.' },
    {
      name: 'topic-partitions',
      argument: 'topic:1,topic:0-3,…',
      about:
        'Partitions of topics: a number, or a range whose upper end is not part of it. The topic is a regular expression ' +
        'and may be left out. In place of --topic and --partitions.',
    },
    {
      name: 'time',
      argument: 'time',
      about:
        'Which offset: ms since 1970, -1 or latest (default), -2 or earliest, -3 or max-timestamp, -4 or earliest-local, ' +
        '-5 or latest-tiered, -6 or earliest-pending-upload.',
    },
    { name: 'exclude-internal-topics', about: "Leave out Kafka's own topics." },
  ],
  execute: async (options, io) => {
    if (!options.has('bootstrap-server')) throw new UsageError('Missing required argument "[bootstrap-server]"');
    const selects = partitionSelector(options);
    const spec = offsetSpec(options.value('time') ?? 'latest');
    return withClient(options, io, async (client) => {
      const admin = new Admin(client);
      const chosen = (await admin.listTopics()).flatMap((topic) => partitionsOf(topic).filter(selects));
      const partitions = options.has('exclude-internal-topics')
        ? chosen.filter(({ topic }) => !isInternalTopic(topic))
        : chosen;
      if (partitions.length === 0) throw new Error('Could not match any topic-partitions with the specified filters');
      const results = await admin.listOffsets(partitions.map((item) => ({ ...item, spec })));
      for (const { topic, partition, value, error } of results) {
        if (value === null)
          print(
            io.stderr,
            `Skip getting offsets for topic-partition ${topic}-${partition} due to error: ${messageOf(error)}`,
          );
        else if (value.offset >= 0) print(io.stdout, `${topic}:${partition}:${value.offset}`);
      }
      return 0;
    });
  },
  fail: (error, io) => {
    print(io.stderr, `Error occurred: ${messageOf(error)}`);
    return 1;
  },
});

function partitionsOf({ name, partitions }: TopicMetadata): TopicPartition[] {
  return partitions.map(({ partition }) => ({ topic: name, partition }));
}

const NAMED_TIMES: Readonly<Record<string, OffsetSpec>> = {
  '-1': 'latest',
  latest: 'latest',
  '-2': 'earliest',
  earliest: 'earliest',
  '-3': 'maxTimestamp',
  'max-timestamp': 'maxTimestamp',
  '-4': 'earliestLocal',
  'earliest-local': 'earliestLocal',
  '-5': 'latestTiered',
  'latest-tiered': 'latestTiered',
  '-6': 'earliestPendingUpload',
  'earliest-pending-upload': 'earliestPendingUpload',
};

function offsetSpec(text: string): OffsetSpec {
  const named = NAMED_TIMES[text];
  if (named !== undefined) return named;
  if (/^\d+$/.test(text)) return { timestampMs: Number(text) };
  throw new Error(
    `Malformed time argument ${text}: write ms since 1970, or one of ${Object.keys(NAMED_TIMES).join(', ')}`,
  );
}

type Selector = (item: TopicPartition) => boolean;

function partitionSelector(options: ParsedOptions): Selector {
  const rules = options.value('topic-partitions');
  if (rules !== undefined) {
    if (options.has('topic') || options.has('partitions')) {
      throw new Error('--topic-partitions cannot be used with --topic or --partitions');
    }
    const selectors = rules.split(',').map(parseRule);
    return (item) => selectors.some((selects) => selects(item));
  }
  const topic = options.value('topic');
  const matches = topic === undefined ? () => true : topicFilter(topic);
  const ids = options.value('partitions');
  if (ids === undefined) return (item) => matches(item.topic);
  const numbers = ids.split(',').filter((id) => id !== '');
  if (!numbers.every((id) => /^\d+$/.test(id))) {
    throw new Error(`--partitions expects a comma separated list of numeric partition ids, but received: ${ids}`);
  }
  const wanted = new Set(numbers.map(Number));
  return (item) => matches(item.topic) && wanted.has(item.partition);
}

/** `topic`, `topic:3`, `topic:1-4`, `topic:1-`, `topic:-4`; the topic may be left out. */
function parseRule(rule: string): Selector {
  const match = /^([^:,]*)(?::(?:(\d*)|(?:(\d*)-(\d*))))?$/.exec(rule);
  if (match === null) throw new Error(`Invalid rule specification: ${rule}`);
  const [, topic, only, from, to] = match;
  const matches = topic === undefined || topic === '' ? () => true : topicFilter(topic);
  if (only !== undefined && only !== '') {
    return (item) => matches(item.topic) && item.partition === Number(only);
  }
  const lower = from === undefined || from === '' ? 0 : Number(from);
  const upper = to === undefined || to === '' ? Infinity : Number(to);
  return (item) => matches(item.topic) && item.partition >= lower && item.partition < upper;
}
