import { BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION } from './cluster-tool.ts';
import { UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';

export const REASSIGN_OPTIONS: readonly OptionSpec[] = [
  { ...BOOTSTRAP_OPTION, about: 'Servers of the cluster to connect to first.' },
  {
    name: 'bootstrap-controller',
    argument: 'host:port,…',
    about: 'Controllers to connect to first, in place of --bootstrap-server; with --cancel and --list.',
  },
  COMMAND_CONFIG_OPTION,
  { name: 'generate', about: 'Propose where replicas could go; nothing is moved.' },
  { name: 'execute', about: 'Start to move replicas as a plan says.' },
  { name: 'verify', about: 'Show how far a plan is; once nothing moves any more, throttles are removed.' },
  { name: 'cancel', about: 'Cancel the moves of a plan that are still under way.' },
  { name: 'list', about: 'List every reassignment that is under way.' },
  {
    name: 'reassignment-json-file',
    argument: 'file',
    about:
      'The plan: {"partitions":[{"topic":"foo","partition":1,"replicas":[1,2],"log_dirs":["any","/data/a"]}],' +
      '"version":1}. log_dirs may be left out; "any" leaves the directory to the broker.',
  },
  {
    name: 'topics-to-move-json-file',
    argument: 'file',
    about: 'With --generate: the topics, as {"topics":[{"topic":"foo"}],"version":1}.',
  },
  { name: 'broker-list', argument: 'ids', about: 'With --generate: the brokers to spread over, separated by commas.' },
  { name: 'disable-rack-aware', about: 'With --generate: do not look at racks.' },
  {
    name: 'throttle',
    argument: 'bytes per second',
    about: 'With --execute: at most so much is copied between brokers. With --additional also for a plan under way.',
  },
  {
    name: 'replica-alter-log-dirs-throttle',
    argument: 'bytes per second',
    about: 'With --execute: at most so much is copied between the directories of a broker.',
  },
  {
    name: 'timeout',
    argument: 'ms',
    about: 'With --execute, --cancel: how long to wait for moves between directories to begin; 10000 if not given.',
  },
  { name: 'additional', about: 'With --execute: although another reassignment is under way.' },
  {
    name: 'disallow-replication-factor-change',
    about: 'With --execute: refuse a plan that changes how many replicas a partition has.',
  },
  { name: 'preserve-throttles', about: 'With --verify, --cancel: leave throttles as they are.' },
];

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const;
export type ReassignAction = (typeof ACTIONS)[number];

const REQUIRED: Readonly<Record<ReassignAction, readonly string[]>> = {
  generate: ['topics-to-move-json-file', 'broker-list'],
  execute: ['reassignment-json-file'],
  verify: ['reassignment-json-file'],
  cancel: ['reassignment-json-file'],
  list: [],
};

const ALLOWED: Readonly<Record<ReassignAction, readonly string[]>> = {
  generate: ['disable-rack-aware'],
  execute: [
    'additional',
    'disallow-replication-factor-change',
    'replica-alter-log-dirs-throttle',
    'throttle',
    'timeout',
  ],
  verify: ['preserve-throttles'],
  cancel: ['bootstrap-controller', 'preserve-throttles', 'timeout'],
  list: ['bootstrap-controller'],
};

const ALWAYS = ['bootstrap-server', 'command-config'];

/** The one action that was asked for. Throws UsageError when options are missing or do not go together. */
export function reassignAction(options: ParsedOptions): ReassignAction {
  const actions = ACTIONS.filter((name) => options.has(name));
  const action = actions[0];
  if (action === undefined || actions.length > 1) {
    const names = ACTIONS.map((name) => `--${name}`).join(', ');
    throw new UsageError(`Command must include exactly one action: ${names}`);
  }
  const isServer = options.has('bootstrap-server');
  if (isServer === options.has('bootstrap-controller')) {
    const refusal = isServer ? "Please don't specify both" : 'Please specify either';
    const conjunction = isServer ? 'and' : 'or';
    throw new UsageError(`${refusal} --bootstrap-server ${conjunction} --bootstrap-controller`);
  }
  for (const name of REQUIRED[action]) options.required(name);
  const allowed = [action, ...ALWAYS, ...REQUIRED[action], ...ALLOWED[action]];
  const stray = options.names.find((name) => !allowed.includes(name));
  if (stray !== undefined) throw new UsageError(`Option "[${stray}]" can't be used with action "[${action}]"`);
  return action;
}
