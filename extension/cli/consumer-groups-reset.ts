import { readFileSync } from 'node:fs';
import type { Admin } from '../client/admin.ts';
import type { OffsetToCommit } from '../client/admin/group-offsets.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { partitionName, type TopicPartition } from '../client/leader-routing.ts';
import type { ResetTarget } from '../client/offset-reset.ts';
import { inHashMapOrder, javaHashCode, partitionHashCode } from './java-hash-order.ts';
import { logLine } from './log-line.ts';
import { UsageError, type ParsedOptions } from './option-parser.ts';
import { columns, table } from './text-table.ts';
import { print, type ToolIo } from './tool-io.ts';

const LOGGER = 'org.apache.kafka.tools.OffsetsUtils';

/** New offsets of one group, worked out and (with --execute) committed. */
interface GroupReset {
  readonly groupId: string;
  readonly offsets: readonly OffsetToCommit[];
}

export async function resetOffsets(
  admin: Admin,
  groupIds: readonly string[],
  options: ParsedOptions,
  io: ToolIo,
): Promise<void> {
  if (!options.has('execute') && !options.has('dry-run')) {
    print(io.stderr, 'WARN: Nothing is changed without --execute; say --dry-run when that is what you want.');
  }
  const plans = plannedFromFile(options, groupIds);
  const target = plans === undefined ? targetOf(options, Date.now()) : undefined;
  const resets: GroupReset[] = [];
  for (const groupId of inHashMapOrder(groupIds, javaHashCode)) {
    if (!(await isInactive(admin, groupId, io))) continue;
    const offsets =
      plans === undefined
        ? await plan(admin, groupId, await scopeOf(admin, groupId, options), target!, io)
        : await clamp(admin, groupId, plans.get(groupId) ?? [], io);
    resets.push({ groupId, offsets });
    if (options.has('execute') && offsets.length > 0) {
      const failed = (await admin.alterGroupOffsets(groupId, offsets)).find(({ error }) => error !== null);
      if (failed?.error) throw failed.error;
    }
  }
  print(io.stdout, options.has('export') ? csv(resets) : resetTable(resets));
}

async function isInactive(admin: Admin, groupId: string, io: ToolIo): Promise<boolean> {
  try {
    const { state } = await admin.describeGroup(groupId);
    if (state === 'Empty' || state === 'Dead') return true;
    const text = `Assignments can only be reset if the group '${groupId}' is inactive, but the current state is ${state}.`;
    print(io.stdout, `\nError: ${text}`);
    return false;
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'GROUP_ID_NOT_FOUND') return true;
    throw error;
  }
}

/** The partitions that the options name: of topics, or those that the group has offsets of. */
async function scopeOf(admin: Admin, groupId: string, options: ParsedOptions): Promise<TopicPartition[]> {
  if (options.has('all-topics')) {
    return (await admin.listGroupOffsets(groupId)).map(({ topic, partition }) => ({ topic, partition }));
  }
  const topics = options.values('topic');
  if (topics.length === 0) throw new UsageError('One of the reset scopes should be defined: --all-topics, --topic.');
  return partitionsOf(admin, topics);
}

/** Expands `topic` and `topic:0,1`. Rejects when there is no such topic. */
export async function partitionsOf(admin: Admin, selections: readonly string[]): Promise<TopicPartition[]> {
  const parsed = selections.map(parseSelection);
  const whole = parsed.filter(({ partitions }) => partitions === undefined).map(({ topic }) => topic);
  const described = await admin.describeTopics(whole);
  return parsed.flatMap(({ topic, partitions }) => {
    if (partitions !== undefined) return partitions.map((partition) => ({ topic, partition }));
    const found = described.find(({ name }) => name === topic)!;
    if (found.error !== null) throw found.error;
    return found.partitions.map(({ partition }) => ({ topic, partition }));
  });
}

export function parseSelection(text: string): { topic: string; partitions: number[] | undefined } {
  const colon = text.indexOf(':');
  if (colon < 0) return { topic: text, partitions: undefined };
  const numbers = text.slice(colon + 1).split(',');
  if (!numbers.every((number) => /^\d+$/.test(number))) {
    throw new Error(`'${text}' does not name partitions: write topic:0,1,2`);
  }
  return { topic: text.slice(0, colon), partitions: numbers.map(Number) };
}

async function plan(
  admin: Admin,
  groupId: string,
  scope: readonly TopicPartition[],
  target: ResetTarget,
  io: ToolIo,
): Promise<OffsetToCommit[]> {
  const results = await admin.planOffsetReset(groupId, scope, target);
  return results.map((result) => {
    const { topic, partition, value, error } = result;
    if (value === null) throw error;
    if (value.isPastEnd) {
      print(
        io.stdout,
        `\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.`,
      );
    }
    if (value.clampedFrom !== null) warnOfRange(result, value.clampedFrom, value.target, io);
    return { topic, partition, offset: value.target };
  });
}

/** Offsets from a file, kept within what the partitions hold. */
async function clamp(
  admin: Admin,
  groupId: string,
  wanted: readonly OffsetToCommit[],
  io: ToolIo,
): Promise<OffsetToCommit[]> {
  const kept: OffsetToCommit[] = [];
  for (const item of wanted) kept.push(...(await plan(admin, groupId, [item], { offset: item.offset }, io)));
  return kept;
}

function warnOfRange(item: TopicPartition, from: number, to: number, io: ToolIo): void {
  const relation = from > to ? 'higher than latest' : 'lower than earliest';
  const text = `New offset (${from}) is ${relation} offset for topic partition ${partitionName(item)}. Value will be set to ${to}`;
  logLine(io.stderr, 'WARN', text, LOGGER);
}

function targetOf(options: ParsedOptions, nowMs: number): ResetTarget {
  if (options.has('to-earliest')) return 'earliest';
  if (options.has('to-latest')) return 'latest';
  if (options.has('to-current')) return 'current';
  const offset = options.integer('to-offset');
  if (offset !== undefined) return { offset };
  const shiftBy = options.integer('shift-by');
  if (shiftBy !== undefined) return { shiftBy };
  const time = options.value('to-datetime');
  if (time !== undefined) return { timestampMs: parseDateTime(time) };
  return { timestampMs: nowMs - parseDuration(options.required('by-duration')) };
}

/** `2026-01-31T12:00:00.000`, UTC unless it ends with a zone. */
export function parseDateTime(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/.exec(
    text,
  );
  const zone = match?.[3]?.replace(
    /^([+-]\d{2}):?(\d{2})?$/,
    (_, hours: string, minutes = '00') => `${hours}:${minutes}`,
  );
  const time = match === null ? NaN : Date.parse(`${match[1]}T${match[2]}${zone ?? 'Z'}`);
  if (Number.isNaN(time)) throw new Error(`Error parsing timestamp '${text}': write YYYY-MM-DDThh:mm:ss.sss`);
  return time;
}

/** ISO 8601, days and below: `P1DT2H3M4.5S`. */
export function parseDuration(text: string): number {
  const match = /^([+-])?P(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:\.\d+)?)S)?)?$/i.exec(
    text,
  );
  const parts = match?.slice(2) ?? [];
  if (match === null || parts.every((part) => part === undefined)) {
    throw new Error(`'${text}' cannot be parsed to a duration: write PnDTnHnMnS`);
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return match[1] === '-' ? -ms : ms;
}

/** Offsets by group from the CSV of --from-file; undefined without that option. */
function plannedFromFile(
  options: ParsedOptions,
  groupIds: readonly string[],
): ReadonlyMap<string, readonly OffsetToCommit[]> | undefined {
  const path = options.value('from-file');
  if (path === undefined) return undefined;
  const plans = new Map<string, OffsetToCommit[]>();
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const [groupId, topic, partition, offset] = cells.length === 3 ? [groupIds[0], ...cells] : cells;
    if (groupId === undefined || topic === undefined || !/^\d+$/.test(partition ?? '') || !/^\d+$/.test(offset ?? '')) {
      throw new Error(`${path}: '${line}' is not topic,partition,offset (or group,topic,partition,offset)`);
    }
    const list = plans.get(groupId) ?? [];
    plans.set(groupId, [...list, { topic, partition: Number(partition), offset: Number(offset) }]);
  }
  return plans;
}

function csv(resets: readonly GroupReset[]): string {
  const lines = resets.flatMap(({ groupId, offsets }) =>
    inHashMapOrder(offsets, partitionHashCode).map(({ topic, partition, offset }) =>
      [...(resets.length > 1 ? [groupId] : []), topic, partition, offset].join(','),
    ),
  );
  return [...lines, ''].join('\n');
}

function resetTable(resets: readonly GroupReset[]): string {
  const rows = resets.flatMap(({ groupId, offsets }) =>
    inHashMapOrder(offsets, partitionHashCode).map(({ topic, partition, offset }) => [
      groupId,
      topic,
      String(partition),
      String(offset),
    ]),
  );
  return table(columns(['GROUP', 15], ['TOPIC', 15], ['PARTITION', 10], ['NEW-OFFSET', 10]), rows);
}
