import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../../extension/net/connection.ts';
import { ErrorCode, errorName } from '../../extension/protocol/errors.ts';
import { createTopicsRequest } from '../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../extension/protocol/generated/create-topics-response.ts';
import { produceRequest } from '../../extension/protocol/generated/produce-request.ts';
import { produceResponse } from '../../extension/protocol/generated/produce-response.ts';
import { RecordBatchBuilder } from '../../extension/records/record-batch-builder.ts';

/** Later versions name topics by an id that the client would have to ask for first. */
const LAST_PRODUCE_BY_NAME = 12;

/**
 * Creates topics and produces one record, trying again (at the next of the ports, as one of them leads) until it is acknowledged. Resolves with the moment it did, by
 * `performance.now()`. A thin client, so that what it takes is the broker's time.
 */
export async function firstProduce(
  ports: number | readonly number[],
  topics: readonly string[],
  shape: TopicShape = { numPartitions: 1, replicationFactor: 1 },
  timeoutMs = 120_000,
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  const all = typeof ports === 'number' ? [ports] : ports;
  for (let attempt = 0; ; attempt++) {
    const port = all[attempt % all.length]!;
    let connection: Connection | undefined;
    try {
      connection = await Connection.open({ host: '127.0.0.1', port, connectTimeoutMs: 5_000 });
      await createTopics(connection, topics, shape);
      await produce(connection, topics[0] ?? '');
      return performance.now();
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`No produce within ${timeoutMs} ms on port ${port}`, { cause: error });
      }
      await delay(5);
    } finally {
      connection?.close();
    }
  }
}

interface TopicShape {
  readonly numPartitions: number;
  readonly replicationFactor: number;
}

async function createTopics(connection: Connection, names: readonly string[], shape: TopicShape): Promise<void> {
  const response = await connection.send(createTopicsRequest, createTopicsResponse, {
    topics: names.map((name) => ({ name, ...shape, assignments: [], configs: [] })),
    timeoutMs: 5_000,
  });
  for (const { name, errorCode } of response.topics) {
    if (errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS) check(`creating ${name}`, errorCode);
  }
}

async function produce(connection: Connection, topic: string): Promise<void> {
  const builder = new RecordBatchBuilder({});
  builder.append({ key: null, value: Buffer.from('first'), timestamp: Date.now() });
  const partitionData = [{ index: 0, records: builder.build() }];
  const response = await connection.send(
    produceRequest,
    produceResponse,
    { acks: -1, timeoutMs: 5_000, topicData: [{ name: topic, partitionData }] },
    { maxVersion: LAST_PRODUCE_BY_NAME },
  );
  check(`producing to ${topic}`, response.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.NONE);
}

function check(what: string, errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new Error(`${what}: ${errorName(errorCode)}`);
}
