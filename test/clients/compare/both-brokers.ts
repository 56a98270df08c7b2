import { APIS } from '../../../extension/protocol/generated/apis.ts';
import { ALL_MESSAGES } from '../../../extension/protocol/generated/all-messages.ts';
import { ErrorCode, errorName } from '../../../extension/protocol/errors.ts';
import { metadataRequest } from '../../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../../extension/protocol/generated/metadata-response.ts';
import type { AnyMessageType } from '../../../extension/protocol/message-type.ts';
import { ProtocolError } from '../../../extension/protocol/protocol-error.ts';
import { Connection } from '../../../extension/net/connection.ts';
import { NetworkError } from '../../../extension/net/network-error.ts';
import { ZERO_UUID } from '../../../extension/engine/common/random.ts';
import { RecordBatchBuilder, type BatchOptions } from '../../../extension/records/record-batch-builder.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One broker under comparison, with what has to be hidden from the comparison: its own ids and addresses. */
export class Side {
  readonly name: string;
  readonly #port: number;
  connection: Connection;
  /** This side's topic ids, by name. */
  readonly ids = new Map<string, string>();
  /** What of this side stands for the same thing on the other: topic ids and the cluster's id. */
  readonly #aliases = new Map<string, string>();

  private constructor(name: string, port: number, connection: Connection) {
    this.name = name;
    this.#port = port;
    this.connection = connection;
  }

  static async connect(name: string, port: number): Promise<Side> {
    return new Side(name, port, await open(port));
  }

  /** Topic ids are random: from now on each is shown as its topic's name, also when the topic is gone. */
  async learnTopicIds(): Promise<void> {
    const { topics, clusterId } = await this.connection.send(metadataRequest, metadataResponse, { topics: null });
    if (clusterId !== null) this.#aliases.set(clusterId, 'the cluster');
    for (const { name, topicId } of topics) {
      if (name === null) continue;
      this.ids.set(name, topicId);
      this.#aliases.set(topicId, `id of ${name}`);
    }
  }

  async send(api: string, version: number, body: unknown): Promise<Json> {
    const request = typeOf(`${api}Request`);
    const response = typeOf(`${api}Response`);
    try {
      const answer: unknown = await this.connection.send(request, response, body, { version });
      // Answers may name topics that were made just now.
      await this.learnTopicIds();
      const shown = normalise(answer, this.#aliases);
      // What is made, or would have been made, has an id that nobody has seen yet.
      return api === 'CreateTopics' ? hideIds(shown) : shown;
    } catch (error) {
      // The version does not have a field that the body sets: nothing to compare.
      if (error instanceof ProtocolError && error.code === 'UNREPRESENTABLE') return 'not in this version';
      if (error instanceof NetworkError && error.code === 'CONNECTION_CLOSED') {
        this.connection = await open(this.#port);
        return 'the connection was closed';
      }
      if (!this.connection.isOpen) this.connection = await open(this.#port);
      throw error;
    }
  }
}

function open(port: number): Promise<Connection> {
  return Connection.open({ host: '127.0.0.1', port, clientId: 'compare' });
}

export function typeOf(name: string): AnyMessageType {
  const found = ALL_MESSAGES.find(({ type }) => type.name === name);
  if (found === undefined) throw new Error(`there is no message ${name}`);
  return found.type;
}

/** Every version of an API that is offered by default, ascending. */
export function versionsOf(api: string): number[] {
  const info = APIS.find(({ name }) => name === api);
  if (info === undefined) throw new Error(`there is no API ${api}`);
  const count = info.highestStableVersion - info.lowestVersion + 1;
  return Array.from({ length: count }, (_, index) => info.lowestVersion + index);
}

/** One batch as a producer writes it. */
export function batch(
  values: readonly (string | null)[],
  options: BatchOptions & { key?: string; timestamp?: number } = {},
): Buffer {
  const builder = new RecordBatchBuilder(options);
  for (const value of values) {
    builder.append({
      key: options.key === undefined ? null : Buffer.from(options.key),
      value: value === null ? null : Buffer.from(value),
      timestamp: options.timestamp ?? 1_700_000_000_000,
    });
  }
  return builder.build();
}

/** Sentences are each broker's own, and so is whether an error has one; where nothing failed there must be as many as Kafka has. */
const WORDS = new Set(['errorMessage', 'batchIndexErrorMessage', 'documentation']);
/** Depend on the moment or the machine. */
const VOLATILE = new Set([
  'logAppendTimeMs',
  'lastFetchTimestamp',
  'lastCaughtUpTimestamp',
  'totalBytes',
  'usableBytes',
  'logDir',
  'port',
  'host',
  'sessionId',
  'finalizedFeaturesEpoch',
  'clientHost',
]);
/** Lists whose order means nothing: sorted by the first of these that the elements have. */
const SORT_KEYS = [
  'name',
  'topicName',
  'topic',
  'partitionIndex',
  'partition',
  'index',
  'apiKey',
  'brokerId',
  'nodeId',
  'groupId',
  'memberId',
  'resourceName',
];

function normalise(value: unknown, aliases: ReadonlyMap<string, string>): Json {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return sorted(value.map((element) => normalise(element, aliases)));
  if (typeof value === 'string') return aliases.get(value) ?? value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  const result: { [key: string]: Json } = {};
  const fields = value as { errorCode?: number };
  const failed = fields.errorCode !== ErrorCode.NONE;
  for (const [key, field] of Object.entries(value)) {
    if (key === 'unknownTaggedFields') continue;
    if (WORDS.has(key)) result[key] = failed ? '*' : field === null || field === '' ? 'none' : 'some';
    else if (VOLATILE.has(key)) result[key] = '*';
    else if (key === 'errorCode') result[key] = errorName(field as number);
    else result[key] = normalise(field, aliases);
  }
  return result;
}

function hideIds(value: Json): Json {
  return JSON.parse(
    JSON.stringify(value, (key, field: Json) => (key === 'topicId' ? field !== ZERO_UUID : field)),
  ) as Json;
}

function sorted(list: Json[]): Json[] {
  const [first] = list;
  if (first === null || typeof first !== 'object' || Array.isArray(first)) return list;
  const key = SORT_KEYS.find((candidate) => candidate in first);
  if (key === undefined) return list;
  const text = (element: Json): string => String((element as { [key: string]: Json })[key]).padStart(12, '0');
  return [...list].sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}
