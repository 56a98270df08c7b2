import type { ElectionType } from '../client/admin/replicas.ts';
import type { TopicPartition } from '../client/leader-routing.ts';
import { partitionName } from '../client/leader-routing.ts';
import { BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION } from './cluster-tool.ts';
import { inHashMapOrder, partitionHashCode } from './java-hash-order.ts';
import { asInteger, asList, asObject, asText, fieldOf, parseJson } from './json-fields.ts';
import { OptionError, refuseBeside, type OptionSpec, type ParsedOptions } from './option-parser.ts';
import { readTextFile } from './text-file.ts';

export const ELECTION_OPTIONS: readonly OptionSpec[] = [
  BOOTSTRAP_OPTION,
  COMMAND_CONFIG_OPTION,
  { name: 'admin.config', argument: 'file', about: 'The former name of --command-config.' },
  {
    name: 'election-type',
    argument: 'preferred|unclean',
    about:
      'REQUIRED: preferred makes the first of the replicas lead where another one does. unclean makes one lead where ' +
      'none can, although it may lack records: they are lost.',
  },
  { name: 'topic', argument: 'name', about: 'The topic of the one partition that needs a leader; with --partition.' },
  { name: 'partition', argument: 'number', about: 'The partition of --topic.' },
  { name: 'all-topic-partitions', about: 'Every partition that needs it.' },
  {
    name: 'path-to-json-file',
    argument: 'file',
    about: 'Partitions from a file that holds {"partitions":[{"topic":"foo","partition":1}]}.',
  },
];

const SELECTIONS = ['topic', 'all-topic-partitions', 'path-to-json-file'];

export interface Election {
  readonly type: ElectionType;
  /** Null for all that need it. */
  readonly partitions: readonly TopicPartition[] | null;
}

/** What the options ask for. Throws Error or UsageError when they do not go together or the file is not right. */
export function electionOf(options: ParsedOptions): Election {
  const missing = ['bootstrap-server', 'election-type'].filter((name) => !options.has(name));
  if (missing.length > 0) throw new Error(`Missing required option(s): ${missing.join(', ')}`);
  refuseBeside(options, 'admin.config', ['command-config']);
  if (SELECTIONS.filter((name) => options.has(name)).length !== 1) {
    throw new Error(`One and only one of the following options is required: ${SELECTIONS.join(', ')}`);
  }
  if (options.has('topic') && !options.has('partition')) throw new Error('Missing required option(s): partition');
  if (options.has('partition') && !options.has('topic')) {
    throw new Error('Option partition is only allowed if topic is used');
  }
  return { type: electionType(options.value('election-type')!), partitions: selected(options) };
}

function electionType(text: string): ElectionType {
  const type = text.toLowerCase();
  if (type === 'preferred' || type === 'unclean') return type;
  throw new OptionError(`Cannot parse argument '${text}' of option election-type`);
}

function selected(options: ParsedOptions): TopicPartition[] | null {
  const file = options.value('path-to-json-file');
  if (file !== undefined) return parsePartitions(readTextFile(file));
  const topic = options.value('topic');
  return topic === undefined ? null : [{ topic, partition: options.integer('partition')! }];
}

/** The partitions of a file's text. Throws Error for a text that is not in the format. */
export function parsePartitions(text: string): TopicPartition[] {
  const json = parseJson(text);
  if (json === null) throw new Error('Replica election data is empty');
  const list = asObject(json.value)['partitions'];
  if (list === undefined) throw new Error('Replica election data is missing "partitions" field');
  const partitions = asList(list).map((item) => {
    const object = asObject(item);
    return { topic: asText(fieldOf(object, 'topic')), partition: asInteger(fieldOf(object, 'partition')) };
  });
  const first = new Map<string, TopicPartition>();
  const twice = new Map<string, TopicPartition>();
  for (const each of partitions) {
    const name = partitionName(each);
    (first.has(name) ? twice : first).set(name, each);
  }
  if (twice.size > 0) {
    const names = inHashMapOrder([...twice.values()], partitionHashCode).map(partitionName);
    throw new Error(`Replica election data contains duplicate partitions: [${names.join(', ')}]`);
  }
  return partitions;
}
