import { setTimeout as delay } from 'node:timers/promises';
import { Admin } from '../client/admin.ts';
import type { ClusterClient } from '../client/cluster-client.ts';
import { GroupConsumer } from '../client/group-consumer.ts';
import { KafkaError } from '../client/kafka-error.ts';
import type { StreamChunk } from '../client/partition-fetcher.ts';
import type { ConsumedRecord } from '../client/record-decoder.ts';
import { RecordStream } from '../client/record-stream.ts';
import { clusterTool, messageOf, withClient } from './cluster-tool.ts';
import { CONSUMER_OPTIONS, consumerPlan, type ConsumerPlan } from './console-consumer-options.ts';
import { logLine } from './log-line.ts';
import { interruptedExitCode, print, writeFully, type ToolIo } from './tool-io.ts';
import { isInternalTopic, topicFilter } from './topic-filter.ts';

const LOGGER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const LOOK_AGAIN_MS = 200;

/** `kafka-console-consumer`: prints the records of topics. */
export const run = clusterTool({
  about: 'Reads topics and prints their records.',
  options: CONSUMER_OPTIONS,
  execute: async (options, io) => {
    const plan = consumerPlan(options, Math.random);
    for (const warning of plan.warnings) print(io.stdout, warning);
    return withClient(options, io, (client) => consume(client, plan, io), {
      properties: plan.properties,
      clientId: 'console-consumer',
      keepsOpenOnAbort: true,
    });
  },
});

/** Where records come from: a group or one partition. */
interface Source {
  /** Undefined when nothing came for `timeoutMs`, null at the end. */
  next(timeoutMs: number): Promise<StreamChunk | null | undefined>;
  /** Says up to which record a chunk was used. */
  stopAfter(record: ConsumedRecord): void;
  close(): Promise<void>;
}

async function consume(client: ClusterClient, plan: ConsumerPlan, io: ToolIo): Promise<number> {
  let count = 0;
  let exitCode = 0;
  let source: Source | undefined;
  try {
    const topics = await findTopics(client, plan, io);
    if (topics !== undefined && plan.maxMessages > 0) {
      source = plan.partition === undefined ? groupSource(client, plan, topics) : partitionSource(client, plan);
      count = await printAll(source, plan, io);
    }
  } catch (error) {
    if (!io.signal.aborted) {
      exitCode = 1;
      logLine(
        io.stderr,
        'ERROR',
        `Error processing message, terminating consumer process: ${messageOf(error as Error)}`,
        LOGGER,
      );
      if (error instanceof PrintError) count = error.count;
    }
  }
  await source?.close().catch((error: unknown) => {
    print(io.stderr, `The consumer did not leave cleanly: ${messageOf(error as Error)}`);
  });
  if (plan.printsEvents) print(io.stdout, 'shutdown_complete');
  print(io.stderr, `Processed a total of ${count} messages`);
  return io.signal.aborted ? interruptedExitCode(io.signal) : exitCode;
}

/** Waits until the topic is there (asking for it creates it where the cluster does so); undefined when time is up. */
async function findTopics(client: ClusterClient, plan: ConsumerPlan, io: ToolIo): Promise<string[] | undefined> {
  const deadline = performance.now() + (plan.timeoutMs ?? Infinity);
  for (let attempt = 0; !io.signal.aborted; attempt++) {
    const found = plan.topic === undefined ? await matching(client, plan.include!) : await named(client, plan);
    if (found.length > 0) return found;
    if (attempt === 1)
      logLine(io.stderr, 'WARN', `Waiting for ${plan.topic ?? plan.include}, which is not there yet`, LOGGER);
    if (performance.now() > deadline) return undefined;
    await delay(LOOK_AGAIN_MS, undefined, { signal: io.signal }).catch(() => undefined);
  }
  return undefined;
}

async function matching(client: ClusterClient, include: string): Promise<string[]> {
  const matches = topicFilter(include);
  const topics = await new Admin(client).listTopics();
  return topics.map(({ name }) => name).filter((name) => matches(name) && !isInternalTopic(name));
}

async function named(client: ClusterClient, { topic, partition }: ConsumerPlan): Promise<string[]> {
  const { topics } = await client.metadata({ topics: [topic!], allowAutoTopicCreation: true });
  const found = topics.get(topic!);
  if (found?.error instanceof KafkaError && !found.error.retriable) throw found.error;
  if (found === undefined || found.error !== null) return [];
  const isThere = partition === undefined || found.partitions.some((item) => item.partition === partition);
  return isThere ? [topic!] : [];
}

function groupSource(client: ClusterClient, plan: ConsumerPlan, topics: readonly string[]): Source {
  const { groupId, offsetReset, isolation, autoCommit } = plan;
  const consumer = new GroupConsumer(client, { groupId, topics, offsetReset, isolation, autoCommit });
  return {
    next: (timeoutMs) => consumer.next(timeoutMs),
    stopAfter: ({ topic, partition, offset }) => consumer.markConsumed({ topic, partition, offset: offset + 1 }),
    close: () => consumer.close(),
  };
}

function partitionSource(client: ClusterClient, plan: ConsumerPlan): Source {
  const { offset, isolation } = plan;
  const stream = new RecordStream(client, {
    topics: [{ topic: plan.topic!, partitions: [plan.partition!] }],
    from: offset === 'earliest' ? 'beginning' : offset === 'latest' ? 'end' : { offset },
    isolation,
  });
  return {
    next: (timeoutMs) => stream.next(timeoutMs),
    stopAfter: () => undefined,
    close: () => Promise.resolve(stream.close()),
  };
}

/** Printing went wrong after so many records. */
class PrintError extends Error {
  readonly count: number;

  constructor(count: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'PrintError';
    this.count = count;
  }
}

/** Prints until the limit, the time-out or the user ends it; resolves with the number of records. */
async function printAll(source: Source, plan: ConsumerPlan, io: ToolIo): Promise<number> {
  let count = 0;
  let lastRecordMs = performance.now();
  while (count < plan.maxMessages && !io.signal.aborted) {
    const leftMs = lastRecordMs + (plan.timeoutMs ?? Infinity) - performance.now();
    if (leftMs <= 0) break;
    // In short turns, so that an interrupt is seen soon.
    const chunk = await source.next(Math.min(leftMs, 100));
    if (chunk === null) break;
    if (chunk === undefined) continue;
    for (const { baseOffset, lastOffset, reason } of chunk.damaged) {
      logLine(
        io.stderr,
        'WARN',
        `Offsets ${baseOffset} to ${lastOffset} of ${chunk.topic}-${chunk.partition} cannot be read: ${reason}`,
        LOGGER,
      );
    }
    if (chunk.records.length === 0) continue;
    lastRecordMs = performance.now();
    const records = chunk.records.slice(0, plan.maxMessages - count);
    if (records.length < chunk.records.length) source.stopAfter(records.at(-1)!);
    const output: Buffer[] = [];
    try {
      for (const record of records) {
        count += 1;
        const text = formatted(record, plan, io);
        if (text !== null) output.push(text);
      }
    } catch (error) {
      throw new PrintError(count, error);
    } finally {
      if (output.length > 0) await writeFully(io.stdout, Buffer.concat(output));
    }
  }
  return count;
}

function formatted(record: ConsumedRecord, plan: ConsumerPlan, io: ToolIo): Buffer | null {
  try {
    return plan.format(record);
  } catch (error) {
    if (!plan.skipsErrors) throw error;
    const name = `${record.topic}-${record.partition} at offset ${record.offset}`;
    logLine(io.stderr, 'ERROR', `A record of ${name} is skipped: ${messageOf(error as Error)}`, LOGGER);
    return null;
  }
}
