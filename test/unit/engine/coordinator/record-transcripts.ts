/**
 * Plays the scenarios on a running Apache Kafka of one broker (group.initial.rebalance.delay.ms=0) and writes down what
 * it answered, for the test to compare with:
 *
 *   node test/unit/engine/coordinator/record-transcripts.ts PORT [FILE]
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopicsRequest } from '../../../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../../../extension/protocol/generated/create-topics-response.ts';
import { fetchRequest } from '../../../../extension/protocol/generated/fetch-request.ts';
import { fetchResponse } from '../../../../extension/protocol/generated/fetch-response.ts';
import { listOffsetsRequest } from '../../../../extension/protocol/generated/list-offsets-request.ts';
import { listOffsetsResponse } from '../../../../extension/protocol/generated/list-offsets-response.ts';
import { metadataRequest } from '../../../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../../../extension/protocol/generated/metadata-response.ts';
import { requestHeader } from '../../../../extension/protocol/generated/request-header.ts';
import { responseHeader } from '../../../../extension/protocol/generated/response-header.ts';
import type { MessageType } from '../../../../extension/protocol/message-type.ts';
import { Reader } from '../../../../extension/protocol/reader.ts';
import { Writer } from '../../../../extension/protocol/writer.ts';
import { partitionForGroup } from '../../../../extension/engine/coordinator/partition-for-group.ts';
import { groupApis } from './coordinator-fixture.ts';
import { scenarios } from './group-scenarios.ts';
import { Transcript } from './transcript.ts';
import type { Stage } from './transcript.ts';

const port = Number(process.argv[2]);
const target = process.argv[3] ?? new URL('../../../fixtures/group-coordinator/transcripts.json', import.meta.url);
const OFFSETS_TOPIC = '__consumer_offsets';
const PARTITIONS = 50;

/** One request on a connection of its own. */
function request<T, I, R, S>(
  key: number,
  requestType: MessageType<R, I>,
  responseType: MessageType<T, S>,
  version: number,
  message: I,
  clientId = 'recorder',
): Promise<T> {
  const isFlexible = version >= requestType.firstFlexibleVersion;
  const writer = new Writer();
  const header = { requestApiKey: key, requestApiVersion: version, correlationId: 1, clientId };
  requestHeader.write(writer, header, isFlexible ? 2 : 1);
  requestType.write(writer, message, version);
  const body = writer.toBuffer();
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`API ${key} v${version}: the broker closed the connection.`)));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      const reader = new Reader(received, 4);
      responseHeader.read(reader, isFlexible ? 1 : 0);
      try {
        resolve(responseType.read(reader, version));
      } catch (error) {
        reject(error as Error);
      }
      socket.destroy();
    });
    socket.write(Buffer.concat([size, body]));
  });
}

async function topicIds(): Promise<Map<string, string>> {
  const topics = ['orders', 'payments'].map((name) => ({
    name,
    numPartitions: 3,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }));
  await request(19, createTopicsRequest, createTopicsResponse, 5, { topics });
  await sleep(500);
  const wanted = topics.map(({ name }) => ({ name }));
  const metadata = await request(3, metadataRequest, metadataResponse, 12, { topics: wanted });
  return new Map(metadata.topics.map(({ name, topicId }) => [name ?? '', topicId]));
}

async function endOffset(partition: number): Promise<number> {
  const topics = [{ name: OFFSETS_TOPIC, partitions: [{ partitionIndex: partition, timestamp: -1 }] }];
  const response = await request(2, listOffsetsRequest, listOffsetsResponse, 1, { replicaId: -1, topics });
  return response.topics[0]!.partitions[0]!.offset;
}

async function batches(partition: number, fetchOffset: number): Promise<Buffer[]> {
  const topics = [{ topic: OFFSETS_TOPIC, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1_000_000 }] }];
  const message = { replicaId: -1, maxWaitMs: 100, minBytes: 1, topics };
  const response = await request(1, fetchRequest, fetchResponse, 4, message);
  return [Buffer.from(response.responses[0]!.partitions[0]!.records ?? Buffer.alloc(0))];
}

const ids = await topicIds();
const transcripts: Record<string, string[]> = {};
const suffix = `-${randomBytes(4).toString('hex')}`;
await Promise.all(
  scenarios.map(async (scenario) => {
    const starts = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => endOffset(partition)));
    const stage: Stage = {
      suffix: `${suffix}x${scenarios.indexOf(scenario)}`,
      topicId: (name) => ids.get(name)!,
      send: (api, version, message, clientId) => {
        const { key, request: requestType, response } = groupApis[api];
        return request(key, requestType as never, response as never, version, message as never, clientId);
      },
      settle: () => sleep(250),
      wait: (ms) => sleep(ms),
      written: (groupId) => {
        const partition = partitionForGroup(groupId, PARTITIONS);
        return batches(partition, starts[partition]!);
      },
    };
    const transcript = new Transcript(stage);
    await scenario.play(transcript);
    transcripts[scenario.name] = transcript.lines;
  }),
);
const sorted = Object.fromEntries(scenarios.map(({ name }) => [name, transcripts[name]]));
writeFileSync(target, `${JSON.stringify(sorted, null, 2)}\n`);
