import { Admin } from '../client/admin.ts';
import type { GroupListing } from '../client/admin/groups.ts';
import type { PartitionOutcome } from '../client/admin/group-offsets.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { clusterTool, messageOf, withClient } from './cluster-tool.ts';
import { describeGroup, type GroupReport } from './consumer-groups-describe.ts';
import { groupsAction, GROUPS_OPTIONS } from './consumer-groups-options.ts';
import { parseSelection, partitionsOf, resetOffsets } from './consumer-groups-reset.ts';
import { exceptionName } from './log-line.ts';
import { UsageError, type ParsedOptions } from './option-parser.ts';
import { columns, table } from './text-table.ts';
import { print, type ToolIo } from './tool-io.ts';

/** `kafka-consumer-groups`: lists, describes, resets and deletes groups and their offsets. */
export const run = clusterTool({
  about: 'Lists, describes, resets and deletes consumer groups and their offsets.',
  options: GROUPS_OPTIONS,
  execute: async (options, io) => {
    const action = groupsAction(options);
    if (action === 'validate-regex') {
      validateRegex(options.required('validate-regex'), io);
      return 0;
    }
    return withClient(options, io, async (client) => {
      const admin = new Admin(client);
      switch (action) {
        case 'list':
          await list(admin, options, io);
          break;
        case 'describe': {
          const report: GroupReport = options.has('members') ? 'members' : options.has('state') ? 'state' : 'offsets';
          for (const group of await groupsOf(admin, options)) {
            await describeGroup(admin, group, report, options.has('verbose'), io);
          }
          break;
        }
        case 'delete':
          await remove(admin, await groupsOf(admin, options), io);
          break;
        case 'reset-offsets':
          await resetOffsets(admin, await groupsOf(admin, options), options, io);
          break;
        case 'delete-offsets':
          await deleteOffsets(admin, options, io);
          break;
      }
      return 0;
    });
  },
  fail: (error, io) => {
    print(io.stdout, `\nError: Executing consumer group command failed due to ${errorText(error)}`);
    // Kafka's tool ends with 0 after errors of brokers.
    return error instanceof KafkaError ? 0 : 1;
  },
});

function errorText(error: Error): string {
  return error instanceof KafkaError ? `${exceptionName(error.code)}: ${messageOf(error)}` : error.message;
}

function validateRegex(regex: string, io: ToolIo): void {
  try {
    new RegExp(regex);
    print(io.stdout, `The regular expression \`${regex}\` is valid.`);
  } catch (error) {
    const why = (error as Error).message.replace(/^Invalid regular expression: /, '');
    print(io.stdout, `The regular expression \`${regex}\` is invalid: ${why}`);
  }
}

/** Groups of consumers: of the newer protocol, of the classic one, and those that only hold offsets. */
async function consumerGroups(admin: Admin, filter: Parameters<Admin['listGroups']>[0] = {}): Promise<GroupListing[]> {
  const { groups } = await admin.listGroups(filter);
  return groups.filter(
    ({ type, protocolType }) =>
      (type === 'consumer' || type === 'classic' || type === '') &&
      (protocolType === 'consumer' || protocolType === ''),
  );
}

async function groupsOf(admin: Admin, options: ParsedOptions): Promise<string[]> {
  if (!options.has('all-groups')) return [...new Set(options.values('group'))];
  return (await consumerGroups(admin)).map(({ groupId }) => groupId);
}

const STATES = ['Dead', 'Assigning', 'PreparingRebalance', 'Stable', 'Reconciling', 'Empty', 'CompletingRebalance'];
const TYPES = ['Consumer', 'Classic'];

async function list(admin: Admin, options: ParsedOptions, io: ToolIo): Promise<void> {
  const states = chosen(
    options.value('state'),
    STATES,
    (bad) => `Invalid state list '${bad}'. Valid states are: ${STATES.join(', ')}`,
  );
  const types = chosen(
    options.value('type'),
    TYPES,
    (bad) => `Invalid types list '${bad}'. Valid types are: ${TYPES.join(', ')}`,
  );
  const groups = await consumerGroups(admin, { states, types: types.map((type) => type.toLowerCase()) });
  if (!options.has('state') && !options.has('type')) {
    for (const { groupId } of groups) print(io.stdout, groupId);
    return;
  }
  const width = Math.max(25, ...groups.map(({ groupId }) => groupId.length));
  const line = (group: string, type: string, state: string): string =>
    [
      group.padEnd(width),
      ...(options.has('type') ? [type.padEnd(20)] : []),
      ...(options.has('state') ? [state.padEnd(20)] : []),
    ].join(' ');
  print(io.stdout, line('GROUP', 'TYPE', 'STATE'));
  for (const { groupId, type, state } of groups) print(io.stdout, line(groupId, capitalized(type), state));
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Names from a list, in Kafka's spelling whatever theirs. */
function chosen(text: string | undefined, known: readonly string[], complaint: (bad: string) => string): string[] {
  if (text === undefined) return [];
  return text.split(',').map((name) => {
    const found = known.find((each) => each.toLowerCase() === name.trim().toLowerCase());
    if (found === undefined) throw new UsageError(complaint(text));
    return found;
  });
}

async function remove(admin: Admin, groups: readonly string[], io: ToolIo): Promise<void> {
  const results = await admin.deleteGroups(groups);
  const failed = results.filter(({ error }) => error !== null);
  const quoted = (items: readonly { readonly groupId: string }[]): string =>
    items.map(({ groupId }) => `'${groupId}'`).join(', ');
  if (failed.length === 0) {
    print(io.stdout, `Deletion of requested consumer groups (${quoted(results)}) was successful.`);
    return;
  }
  print(io.stdout, '\nError: Deletion of some consumer groups failed:');
  for (const { groupId, error } of failed) {
    print(io.stdout, `* Group '${groupId}' could not be deleted due to: ${errorText(error!)}`);
  }
  const deleted = results.filter(({ error }) => error === null);
  if (deleted.length > 0) print(io.stdout, `\nThese consumer groups were deleted successfully: ${quoted(deleted)}`);
}

/** Not widened by what a row says. */
const STATUS_WIDTH = 15;

async function deleteOffsets(admin: Admin, options: ParsedOptions, io: ToolIo): Promise<void> {
  const groupId = options.value('group')!;
  const topics = options.values('topic');
  const existing = new Set((await admin.listTopics()).map(({ name }) => name));
  const isMissing = (text: string): boolean =>
    parseSelection(text).partitions === undefined && !existing.has(parseSelection(text).topic);
  const partitions = await partitionsOf(
    admin,
    topics.filter((text) => !isMissing(text)),
  );
  let outcomes: { topic: string; partition: number | '-'; error: Error | null }[];
  let failure: Error | null = null;
  try {
    const answered: PartitionOutcome[] =
      partitions.length === 0 ? [] : await admin.deleteGroupOffsets(groupId, partitions);
    outcomes = [...answered].sort((a, b) =>
      a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
    );
  } catch (error) {
    failure = error as Error;
    outcomes = partitions.map((item) => ({ ...item, error: failure }));
  }
  const hasErrors = outcomes.some(({ error }) => error !== null);
  for (const topic of topics.filter(isMissing)) {
    outcomes.push({ topic, partition: '-', error: new Error(`there is no topic ${topic}`) });
  }
  if (failure !== null) print(io.stdout, `\nError: ${messageOf(failure)}`);
  else if (hasErrors) print(io.stdout, '\nError: Encountered some partition-level error, see the follow-up details.');
  else print(io.stdout, `Request succeeded for deleting offsets from group ${groupId}.`);
  const rows = outcomes.map(({ topic, partition, error }) => [
    topic,
    String(partition),
    (error === null ? 'Successful' : `Error: ${errorText(error)}`).padEnd(STATUS_WIDTH),
  ]);
  const titles = columns(['TOPIC', 15], ['PARTITION', 10], ['STATUS'.padEnd(STATUS_WIDTH), STATUS_WIDTH]);
  print(io.stdout, table(titles, rows));
}
