import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../../extension/net/connection.ts';
import { ErrorCode, errorName } from '../../extension/protocol/errors.ts';
import { createTopicsRequest } from '../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../extension/protocol/generated/create-topics-response.ts';
import { produceRequest } from '../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../extension/protocol/generated/produce-response.ts';
import { SamsaCluster } from '../../test/support/samsa-cluster.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { batchOfSize } from './log-workload.ts';
import { median } from './report.ts';
import { processorSeconds, residentMib } from './systems.ts';

export interface ManyPartitions {
  /** From the start of the process until it serves, after a clean stop. */
  readonly startMs: number;
  /** The same after SIGKILL. */
  readonly killedStartMs: number;
  /** With every partition written to since it was last flushed. */
  readonly stopMs: number;
  /** Of one processor while nobody asks anything: the median of some windows of ten seconds, as now and then one has a collection. */
  readonly idleShare: number;
  readonly bytesPerPartition: number;
}

/** Later versions name topics by an id that the client would have to ask for first. */
const LAST_PRODUCE_BY_NAME = 12;
const PARTITIONS_OF_A_TOPIC = 1000;
const IDLE_MS = 10_000;
const IDLE_WINDOWS = 3;
const TIMEOUT_MS = 120_000;

/** A broker with `count` partitions: made, written to, stopped, started, left alone, killed, started again. */
export async function manyPartitions(count: number): Promise<ManyPartitions> {
  await using folder = await temporaryDirectory('bench-many');
  const dataDir = join(folder.path, 'data');
  const empty = await start(dataDir);
  const emptyMib = await residentMib(empty.child);
  await createAndWrite(empty, count);
  const stopMs = await stop(empty);

  const startedMs = performance.now();
  const full = await start(dataDir);
  const startMs = performance.now() - startedMs;
  const bytesPerPartition = (((await residentMib(full.child)) - emptyMib) * 1024 * 1024) / count;
  await delay(2000);
  const idleShares: number[] = [];
  for (let window = 0; window < IDLE_WINDOWS; window++) idleShares.push(await shareOfProcessor(full, IDLE_MS));
  const idleShare = median(idleShares);

  await full.child.kill();
  const killedMs = performance.now();
  const again = await start(dataDir);
  const killedStartMs = performance.now() - killedMs;
  await stop(again);
  return { startMs, killedStartMs, stopMs, idleShare, bytesPerPartition };
}

async function shareOfProcessor({ child }: SamsaCluster, ms: number): Promise<number> {
  const seconds = async (): Promise<number> => (await processorSeconds(child)) ?? Number.NaN;
  const before = await seconds();
  await delay(ms);
  return ((await seconds()) - before) / (ms / 1000);
}

function start(dataDir: string): Promise<SamsaCluster> {
  return SamsaCluster.start({ dataDir, readyTimeoutMs: TIMEOUT_MS });
}

async function stop(cluster: SamsaCluster): Promise<number> {
  const startedMs = performance.now();
  await cluster.child.stop(TIMEOUT_MS);
  return performance.now() - startedMs;
}

async function createAndWrite(cluster: SamsaCluster, count: number): Promise<void> {
  const port = Number(cluster.bootstrap.split(':')[1]);
  const connection = await Connection.open({ host: '127.0.0.1', port, connectTimeoutMs: 5000 });
  const records = batchOfSize(1024);
  for (let made = 0; made < count; made += PARTITIONS_OF_A_TOPIC) {
    const numPartitions = Math.min(PARTITIONS_OF_A_TOPIC, count - made);
    const name = `many-${made}`;
    const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }];
    const created = await connection.send(createTopicsRequest, createTopicsResponse, { topics, timeoutMs: TIMEOUT_MS });
    check(`creating ${name}`, created.topics[0]?.errorCode);
    const partitionData = Array.from({ length: numPartitions }, (_, index) => ({ index, records }));
    for (const deadlineMs = performance.now() + TIMEOUT_MS; ;) {
      const request = { acks: -1, timeoutMs: TIMEOUT_MS, topicData: [{ name, partitionData }] };
      const options = { maxVersion: LAST_PRODUCE_BY_NAME };
      const { responses } = await connection.send(produceRequest, produceResponse, request, options);
      const failed = responses[0]?.partitionResponses.find(({ errorCode }) => errorCode !== ErrorCode.NONE);
      if (failed === undefined) break;
      // The broker may not have heard of its partitions yet.
      if (performance.now() > deadlineMs) check(`producing to ${name}-${failed.index}`, failed.errorCode);
      await delay(20);
    }
  }
  connection.close();
}

function check(what: string, errorCode: number | undefined): void {
  if (errorCode !== ErrorCode.NONE)
    throw new Error(`${what}: ${errorName(errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR)}`);
}
