import { BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION } from './cluster-tool.ts';
import { refuseBeside, UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';

export const GROUPS_OPTIONS: readonly OptionSpec[] = [
  BOOTSTRAP_OPTION,
  COMMAND_CONFIG_OPTION,
  { name: 'list', about: 'List groups.' },
  { name: 'describe', about: 'Show offsets and lag, members or state of groups.' },
  { name: 'delete', about: 'Delete groups and their offsets.' },
  {
    name: 'reset-offsets',
    about: 'Set where inactive groups go on. With --dry-run it is only shown, with --execute done.',
  },
  { name: 'delete-offsets', about: 'Delete committed offsets of topics.' },
  { name: 'validate-regex', argument: 'regex', about: 'Check a regular expression.' },
  { name: 'group', argument: 'id', about: 'The group; may be given several times.' },
  { name: 'all-groups', about: 'All groups.' },
  { name: 'topic', argument: 'topic[:0,1]', about: 'A topic, or partitions of it; may be given several times.' },
  { name: 'all-topics', about: 'With --reset-offsets: all topics that the group has offsets of.' },
  { name: 'offsets', about: 'With --describe: offsets and lag (the default).' },
  { name: 'members', about: 'With --describe: members.' },
  {
    name: 'state',
    argument: 'states',
    isArgumentOptional: true,
    about: 'With --describe: the state. With --list: states, or only groups in these.',
  },
  {
    name: 'type',
    argument: 'types',
    isArgumentOptional: true,
    about: 'With --list: types, or only groups of these (classic, consumer).',
  },
  { name: 'verbose', about: 'With --describe: more columns.' },
  { name: 'timeout', argument: 'ms', about: 'Accepted.' },
  { name: 'dry-run', about: 'With --reset-offsets: show the result only.' },
  { name: 'execute', about: 'With --reset-offsets: commit the result.' },
  { name: 'export', about: 'With --reset-offsets: print the result as CSV.' },
  { name: 'to-earliest', about: 'Reset to the first offset.' },
  { name: 'to-latest', about: 'Reset to the end.' },
  { name: 'to-current', about: 'Reset to the current offset.' },
  { name: 'to-offset', argument: 'offset', about: 'Reset to this offset.' },
  { name: 'shift-by', argument: 'count', about: 'Reset by so many offsets, forwards or (negative) backwards.' },
  {
    name: 'to-datetime',
    argument: 'YYYY-MM-DDThh:mm:ss.sss',
    about: 'Reset to the first record at or after a time (UTC).',
  },
  { name: 'by-duration', argument: 'PnDTnHnMnS', about: 'Reset to so long before now.' },
  { name: 'from-file', argument: 'file', about: 'Reset to what a CSV file says, as --export writes it.' },
];

export const RESET_TARGETS = [
  'to-offset',
  'shift-by',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'from-file',
] as const;

const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets', 'validate-regex'] as const;
export type GroupsAction = (typeof ACTIONS)[number];

/** The action asked for. Throws UsageError when options do not go together. */
export function groupsAction(options: ParsedOptions): GroupsAction {
  const action = ACTIONS.find((name) => options.has(name));
  if (action === undefined) {
    throw new UsageError(`Command must include exactly one action: ${ACTIONS.map((name) => `--${name}`).join(', ')}`);
  }
  if (action === 'validate-regex') return action;
  if (!options.has('bootstrap-server')) throw new UsageError('Missing required argument "[bootstrap-server]"');
  refuseBeside(options, 'group', ['all-groups']);
  if (options.has('describe')) checkDescribe(options);
  refuseBeside(
    options,
    action,
    ACTIONS.filter((name) => name !== action),
  );
  if (action === 'delete') {
    expectGroups(options, 'delete');
    if (options.has('topic')) {
      throw new UsageError('--delete takes whole groups; --delete-offsets deletes the offsets of topics.');
    }
  }
  if (action === 'reset-offsets') checkReset(options);
  if (action === 'delete-offsets' && (!options.has('group') || !options.has('topic'))) {
    throw new UsageError('Option [delete-offsets] takes the following options: [group], [topic]');
  }
  return action;
}

function expectGroups(options: ParsedOptions, action: string): void {
  if (options.has('group') || options.has('all-groups')) return;
  throw new UsageError(`Option [${action}] takes one of these options: [group], [all-groups]`);
}

function checkDescribe(options: ParsedOptions): void {
  expectGroups(options, 'describe');
  if (['members', 'offsets', 'state'].filter((name) => options.has(name)).length > 1) {
    throw new UsageError('Option [describe] takes at most one of these options: [members], [offsets], [state]');
  }
  if (options.value('state') !== undefined) {
    throw new UsageError('Option [describe] does not take a value for [state]');
  }
}

function checkReset(options: ParsedOptions): void {
  if (options.has('dry-run') && options.has('execute')) {
    throw new UsageError('Option [reset-offsets] only accepts one of [execute] and [dry-run]');
  }
  expectGroups(options, 'reset-offsets');
  const [target, second] = RESET_TARGETS.filter((name) => options.has(name));
  if (target === undefined) {
    throw new UsageError(
      `Option [reset-offsets] needs one of these: ${RESET_TARGETS.map((name) => `[${name}]`).join(', ')}`,
    );
  }
  if (second !== undefined) throw new UsageError(`Option "[${target}]" can't be used with option "[${second}]"`);
  refuseBeside(options, 'all-topics', ['topic']);
}
