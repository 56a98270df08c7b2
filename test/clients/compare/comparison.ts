import type { Side } from './both-brokers.ts';

/** One request, sent in every version to both brokers in this order. */
export interface Comparison {
  readonly what: string;
  readonly api: string;
  readonly body: (version: number, side: Side) => unknown;
  /** Only these versions. */
  readonly versions?: (version: number) => boolean;
  /** Sent again while the answer is one of passing: a coordinator on its way, a topic being made. */
  readonly until?: (answer: string) => boolean;
}

export const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
export const NO_SUCH_ID = 'EbXCsc7G191KBZxNLpy6Qw';

/** Topic by name, or by id from the version on that has ids. */
export const topic = (
  side: Side,
  version: number,
  byIdFrom: number,
  name: string,
): { name?: string; topicId?: string } =>
  version >= byIdFrom ? { topicId: side.ids.get(name) ?? NO_SUCH_ID } : { name };

export const produce =
  (partitions: readonly { index: number; records: Buffer | null }[], more: object = {}, name = 'plain') =>
  (version: number, side: Side): unknown => ({
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ ...topic(side, version, 13, name), partitionData: partitions }],
    ...more,
  });

export const fetch =
  (partitions: readonly object[], more: object = {}, name = 'plain') =>
  (version: number, side: Side): unknown => ({
    maxWaitMs: 100,
    minBytes: 0,
    maxBytes: 1_000_000,
    topics: [
      {
        ...(version >= 13 ? { topicId: side.ids.get(name) ?? NO_SUCH_ID } : { topic: name }),
        partitions: partitions.map((partition) => ({ partitionMaxBytes: 100_000, ...partition })),
      },
    ],
    sessionEpoch: -1,
    ...more,
  });

export const listOffsets =
  (partitions: readonly object[], more: object = {}) =>
  () => ({
    replicaId: -1,
    topics: [{ name: 'plain', partitions }],
    ...more,
  });

export const create =
  (topics: readonly object[], validateOnly = false) =>
  () => ({
    topics: topics.map((one) => ({ numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...one })),
    timeoutMs: 5000,
    validateOnly,
  });

export const describeConfigs =
  (resources: readonly object[], more: object = {}) =>
  () => ({
    resources: resources.map((one) => ({ configurationKeys: null, ...one })),
    ...more,
  });

export const corrupt = (records: Buffer, at: number, value: number): Buffer => {
  records[at] = value;
  return records;
};

export const TOPIC = 2;
export const BROKER = 4;
