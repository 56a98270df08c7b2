import { Admin } from '../client/admin.ts';
import { clusterTool, withClient } from './cluster-tool.ts';
import { exceptionText } from './exception-text.ts';
import type { ParsedOptions } from './option-parser.ts';
import { cancel, execute } from './reassign-execute.ts';
import { generate } from './reassign-generate.ts';
import { reassignAction, REASSIGN_OPTIONS, type ReassignAction } from './reassign-options.ts';
import { parsePlan } from './reassign-plan.ts';
import { list, verify } from './reassign-verify.ts';
import { TerseError } from './terse-error.ts';
import { readTextFile } from './text-file.ts';
import { print, type ToolIo } from './tool-io.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/** `kafka-reassign-partitions`: moves replicas between brokers and between the directories of a broker. */
export const run = clusterTool({
  about: 'Moves replicas of partitions between brokers, and between the log directories of a broker.',
  options: REASSIGN_OPTIONS,
  execute: async (options, io) => {
    const action = reassignAction(options);
    const bootstrapOption = options.has('bootstrap-controller') ? 'bootstrap-controller' : 'bootstrap-server';
    const settings = { bootstrapOption, clientId: 'reassign-partitions-tool' };
    await withClient(options, io, (client) => ACTIONS[action](new Admin(client), options, io), settings);
    return 0;
  },
  fail: (error, io) => {
    print(io.stdout, error instanceof TerseError ? error.message : `Error: ${exceptionText(error)}`);
    return 1;
  },
});

type Action = (admin: Admin, options: ParsedOptions, io: ToolIo) => Promise<void>;

const ACTIONS: Readonly<Record<ReassignAction, Action>> = {
  generate: (admin, options, io) => {
    const topicsText = readTextFile(options.required('topics-to-move-json-file'));
    const brokerList = options.required('broker-list');
    return generate(admin, { topicsText, brokerList, isRackAware: !options.has('disable-rack-aware') }, io.stdout);
  },
  execute: (admin, options, io) => {
    const text = planText(options);
    const settings = {
      isAdditional: options.has('additional'),
      keepsReplicationFactor: options.has('disallow-replication-factor-change'),
      throttle: limit(options, 'throttle'),
      directoryThrottle: limit(options, 'replica-alter-log-dirs-throttle'),
      timeoutMs: options.integer('timeout') ?? DEFAULT_TIMEOUT_MS,
    };
    return execute(admin, parsePlan(text), settings, io.stdout);
  },
  verify: (admin, options, io) =>
    verify(admin, parsePlan(planText(options)), options.has('preserve-throttles'), io.stdout),
  cancel: (admin, options, io) => {
    const text = planText(options);
    const timeoutMs = options.integer('timeout') ?? DEFAULT_TIMEOUT_MS;
    const keepsThrottles = options.has('preserve-throttles');
    return cancel(admin, parsePlan(text), { keepsThrottles, timeoutMs }, io.stdout);
  },
  list: (admin, _options, io) => list(admin, io.stdout),
};

function planText(options: ParsedOptions): string {
  return readTextFile(options.required('reassignment-json-file'));
}

/** A negative limit is none. */
function limit(options: ParsedOptions, name: string): number | undefined {
  const value = options.integer(name);
  return value === undefined || value < 0 ? undefined : value;
}
