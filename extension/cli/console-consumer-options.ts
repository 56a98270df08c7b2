import type { IsolationLevel } from '../client/admin/offsets.ts';
import { BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION, propertiesOf } from './cluster-tool.ts';
import { expectOneSpelling } from './deprecated-option.ts';
import { messageFormatter, type MessageFormatter } from './message-formatter.ts';
import { UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';

const FORMATTER_ABOUT =
  'What to print: print.timestamp, print.partition, print.offset, print.epoch, print.headers, print.key, print.value=true; ' +
  'key.separator=TAB, line.separator, headers.separator, null.literal; key.deserializer, value.deserializer, ' +
  'header.deserializer.';

export const CONSUMER_OPTIONS: readonly OptionSpec[] = [
  BOOTSTRAP_OPTION,
  COMMAND_CONFIG_OPTION,
  { name: 'topic', argument: 'name', about: 'The topic to read.' },
  { name: 'include', argument: 'regex', about: 'A regular expression of topics, in place of --topic.' },
  {
    name: 'partition',
    argument: 'id',
    about: 'Only this partition, without joining a group; from its end unless --offset.',
  },
  {
    name: 'offset',
    argument: 'offset',
    about: 'Where to start in the partition: a number, earliest or latest (default).',
  },
  { name: 'from-beginning', about: 'Start with the first record where the group has no committed offset.' },
  { name: 'max-messages', argument: 'count', about: 'End after so many records.' },
  { name: 'timeout-ms', argument: 'ms', about: 'End when no record came for so long.' },
  { name: 'group', argument: 'id', about: 'The group to join; one of its own if not given.' },
  { name: 'isolation-level', argument: 'level', about: 'read_uncommitted (default) or read_committed.' },
  { name: 'formatter', argument: 'class', about: 'The class of the formatter; DefaultMessageFormatter if not given.' },
  { name: 'formatter-property', argument: 'key=value', about: FORMATTER_ABOUT },
  { name: 'formatter-config', argument: 'file', about: 'A file of such properties.' },
  { name: 'property', argument: 'key=value', about: 'Deprecated: use --formatter-property.' },
  { name: 'key-deserializer', argument: 'class', about: 'How to read keys.' },
  { name: 'value-deserializer', argument: 'class', about: 'How to read values.' },
  {
    name: 'command-property',
    argument: 'key=value',
    about: 'A property of the consumer: auto.offset.reset, group.id, …',
  },
  { name: 'consumer-property', argument: 'key=value', about: 'Deprecated: use --command-property.' },
  { name: 'consumer.config', argument: 'file', about: 'Deprecated: use --command-config.' },
  { name: 'skip-message-on-error', about: 'Go on with the next record when one cannot be printed.' },
  { name: 'enable-systest-events', about: "Print the consumer's life as well." },
];

const OLD_SPELLINGS = [
  ['property', 'formatter-property'],
  ['consumer-property', 'command-property'],
  ['consumer.config', 'command-config'],
] as const;

/** What to read and how to print it. */
export interface ConsumerPlan {
  readonly topic: string | undefined;
  readonly include: string | undefined;
  /** Undefined to join a group. */
  readonly partition: number | undefined;
  readonly offset: 'earliest' | 'latest' | number;
  readonly groupId: string;
  /** Whether the user named the group: only then are offsets committed. */
  readonly isNamedGroup: boolean;
  readonly offsetReset: 'earliest' | 'latest' | 'none';
  readonly autoCommit: boolean;
  readonly isolation: IsolationLevel;
  readonly maxMessages: number;
  readonly timeoutMs: number | undefined;
  readonly skipsErrors: boolean;
  readonly printsEvents: boolean;
  readonly format: MessageFormatter;
  readonly properties: ReadonlyMap<string, string>;
  /** Lines about options that have a new name. */
  readonly warnings: readonly string[];
}

/** @throws UsageError for options that do not go together, Error for values that are not possible */
export function consumerPlan(options: ParsedOptions, random: () => number): ConsumerPlan {
  expectOneSpelling(options, OLD_SPELLINGS);
  if (options.has('topic') === options.has('include')) {
    throw new UsageError('Exactly one of the following arguments is required: [topic], [include]');
  }
  if (!options.has('bootstrap-server')) throw new UsageError('Missing required argument "[bootstrap-server]"');
  const properties = propertiesOf(
    options,
    ['consumer.config', 'command-config'],
    ['consumer-property', 'command-property'],
  );
  const groupId = groupOf(options, properties);
  const partition = options.integer('partition');
  if (partition !== undefined && options.has('include'))
    throw new UsageError('The topic is required when partition is specified.');
  if (groupId !== undefined && partition !== undefined) {
    throw new UsageError('Options group and partition cannot be specified together.');
  }
  const isolation = options.value('isolation-level') ?? properties.get('isolation.level') ?? 'read_uncommitted';
  if (isolation !== 'read_uncommitted' && isolation !== 'read_committed') {
    throw new Error(
      `Invalid value ${isolation} for configuration isolation.level: use read_committed or read_uncommitted`,
    );
  }
  return {
    topic: options.value('topic'),
    include: options.value('include'),
    partition,
    offset: startOf(options),
    groupId: groupId ?? `console-consumer-${Math.floor(random() * 100_000)}`,
    isNamedGroup: groupId !== undefined,
    offsetReset: resetOf(options, properties),
    autoCommit: groupId !== undefined && properties.get('enable.auto.commit') !== 'false',
    isolation,
    maxMessages: limitOf(options.integer('max-messages')),
    timeoutMs: positive(options.integer('timeout-ms')),
    skipsErrors: options.has('skip-message-on-error'),
    printsEvents: options.has('enable-systest-events'),
    format: messageFormatter(options.value('formatter'), formatterProperties(options)),
    properties,
    warnings: OLD_SPELLINGS.filter(([old]) => options.has(old)).map(
      ([old, current]) =>
        `Option --${old} is deprecated and will be removed in a future version. Use --${current} instead.`,
    ),
  };
}

function limitOf(count: number | undefined): number {
  return count === undefined || count < 0 ? Infinity : count;
}

function positive(ms: number | undefined): number | undefined {
  return ms === undefined || ms < 0 ? undefined : ms;
}

function groupOf(options: ParsedOptions, properties: ReadonlyMap<string, string>): string | undefined {
  const named = options.value('group');
  const configured = properties.get('group.id');
  if (named !== undefined && configured !== undefined && named !== configured) {
    throw new UsageError(
      `The group ids of --group ('${named}') and of the consumer's properties ('${configured}') do not match.`,
    );
  }
  return named ?? configured;
}

function startOf(options: ParsedOptions): 'earliest' | 'latest' | number {
  const text = options.value('offset');
  if (text === undefined) return options.has('from-beginning') ? 'earliest' : 'latest';
  if (!options.has('partition')) throw new UsageError('The partition is required when offset is specified.');
  if (options.has('from-beginning'))
    throw new UsageError('Options from-beginning and offset cannot be specified together.');
  const word = text.toLowerCase();
  if (word === 'earliest' || word === 'latest') return word;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(
    `The provided offset value '${text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  );
}

function resetOf(options: ParsedOptions, properties: ReadonlyMap<string, string>): 'earliest' | 'latest' | 'none' {
  const configured = properties.get('auto.offset.reset');
  const isFromBeginning = options.has('from-beginning');
  if (configured === undefined) return isFromBeginning ? 'earliest' : 'latest';
  if (configured !== 'earliest' && configured !== 'latest' && configured !== 'none') {
    throw new Error(`Invalid value ${configured} for configuration auto.offset.reset: use earliest, latest or none`);
  }
  if (isFromBeginning && configured !== 'earliest') {
    throw new Error(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${configured}', please remove one option`,
    );
  }
  return configured;
}

function formatterProperties(options: ParsedOptions): ReadonlyMap<string, string> {
  const properties = propertiesOf(options, ['formatter-config'], ['property', 'formatter-property']);
  for (const part of ['key', 'value']) {
    const name = options.value(`${part}-deserializer`);
    if (name !== undefined) properties.set(`${part}.deserializer`, name);
  }
  return properties;
}
