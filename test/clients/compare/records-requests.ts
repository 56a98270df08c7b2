import { batch } from './both-brokers.ts';
import { type Comparison, corrupt, fetch, listOffsets, produce } from './comparison.ts';

/** Records: written, refused, read, found by time and epoch, deleted. */
export const recordsRequests: readonly Comparison[] = [
  { what: 'one batch', api: 'Produce', body: produce([{ index: 0, records: batch(['a', 'b']) }]) },
  { what: 'acks 1', api: 'Produce', body: produce([{ index: 0, records: batch(['c']) }], { acks: 1 }) },
  { what: 'acks 2', api: 'Produce', body: produce([{ index: 0, records: batch(['c']) }], { acks: 2 }) },
  { what: 'a partition that is not there', api: 'Produce', body: produce([{ index: 9, records: batch(['c']) }]) },
  {
    what: 'a topic that is not there',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c']) }], {}, 'nowhere'),
  },
  {
    what: 'an internal topic',
    api: 'Produce',
    versions: (version) => version < 13,
    body: produce([{ index: 0, records: batch(['c']) }], {}, '__consumer_offsets'),
  },
  {
    what: 'two batches',
    api: 'Produce',
    body: produce([{ index: 1, records: Buffer.concat([batch(['c']), batch(['d'])]) }]),
  },
  { what: 'empty records', api: 'Produce', body: produce([{ index: 1, records: Buffer.alloc(0) }]) },
  { what: 'a broken CRC', api: 'Produce', body: produce([{ index: 1, records: corrupt(batch(['c']), 19, 0x55) }]) },
  { what: 'magic 1', api: 'Produce', body: produce([{ index: 1, records: corrupt(batch(['c']), 16, 1) }]) },
  { what: 'magic 7', api: 'Produce', body: produce([{ index: 1, records: corrupt(batch(['c']), 16, 7) }]) },
  {
    what: 'a batch that says it is shorter',
    api: 'Produce',
    body: produce([{ index: 1, records: corrupt(batch(['cccccc']), 11, 60) }]),
  },
  {
    what: 'a base offset of its own',
    api: 'Produce',
    body: produce([{ index: 1, records: batch(['c'], { baseOffset: 7 }) }]),
  },
  {
    what: 'a control batch',
    api: 'Produce',
    body: produce([{ index: 1, records: batch(['c'], { isControl: true }) }]),
  },
  {
    what: 'a transactional batch without a transaction',
    api: 'Produce',
    versions: (version) => version >= 12,
    body: produce([
      { index: 1, records: batch(['c'], { isTransactional: true, producerId: 5, producerEpoch: 0, baseSequence: 0 }) },
    ]),
  },
  {
    what: 'no key on a compacted topic',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c']) }], {}, 'compacted'),
  },
  {
    what: 'a key on a compacted topic',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c'], { key: 'k' }) }], {}, 'compacted'),
  },
  {
    what: 'the broker’s time',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c']) }], {}, 'broker-time'),
  },
  {
    what: 'a time too long ago',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c', 'd']) }], {}, 'strict'),
  },
  {
    what: 'a time too far ahead',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c'], { timestamp: 4_000_000_000_000 }) }]),
  },
  {
    what: 'a batch that is too large',
    api: 'Produce',
    body: produce([{ index: 0, records: batch(['c'.repeat(500)]) }], {}, 'strict'),
  },
  ...['first', 'first again', 'a gap', 'next', 'an old epoch', 'a new epoch, not from 0', 'a new epoch'].map(
    (what, step): Comparison => {
      const sequence = [0, 0, 7, 2, 0, 5, 0][step]!;
      const epoch = [1, 1, 1, 1, 0, 2, 2][step]!;
      return {
        what: `an idempotent producer: ${what}`,
        api: 'Produce',
        versions: (version) => version === 9,
        body: produce([
          { index: 2, records: batch(['x', 'y'], { producerId: 4000, producerEpoch: epoch, baseSequence: sequence }) },
        ]),
      };
    },
  ),

  { what: 'from the start', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 0 }]) },
  {
    what: 'from the middle of a batch',
    api: 'Fetch',
    body: fetch([{ partition: 0, fetchOffset: 1, partitionMaxBytes: 10 }]),
  },
  {
    what: 'committed records',
    api: 'Fetch',
    body: fetch([{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }], { isolationLevel: 1 }),
  },
  { what: 'past the end', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 99_999 }]) },
  { what: 'a negative offset', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: -5 }]) },
  { what: 'an unknown partition', api: 'Fetch', body: fetch([{ partition: 77, fetchOffset: 0 }]) },
  { what: 'an unknown topic', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 0 }], {}, 'nowhere') },
  { what: 'nothing', api: 'Fetch', body: fetch([]) },
  {
    what: 'an older and a newer leader epoch',
    api: 'Fetch',
    versions: (version) => version >= 9,
    body: fetch([{ partition: 0, fetchOffset: 0, currentLeaderEpoch: 5, partitionMaxBytes: 10 }]),
  },
  {
    what: 'a diverging epoch',
    api: 'Fetch',
    versions: (version) => version >= 12,
    body: fetch([
      { partition: 2, fetchOffset: 1, lastFetchedEpoch: 3 },
      { partition: 1, fetchOffset: 1, lastFetchedEpoch: 0 },
    ]),
  },
  {
    what: 'a session that is not there',
    api: 'Fetch',
    versions: (version) => version >= 7,
    body: fetch([{ partition: 0, fetchOffset: 0 }], { sessionId: 77, sessionEpoch: 3 }),
  },

  {
    what: 'offsets: latest and earliest',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -1 },
      { partitionIndex: 1, timestamp: -2 },
    ]),
  },
  {
    what: 'offsets: special times',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -3 },
      { partitionIndex: 1, timestamp: -4 },
      { partitionIndex: 2, timestamp: -5 },
    ]),
  },
  {
    what: 'offsets: more special times',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -6 },
      { partitionIndex: 1, timestamp: -7 },
      { partitionIndex: 2, timestamp: -3 },
    ]),
  },
  {
    what: 'offsets: by time',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: 1_700_000_000_000 },
      { partitionIndex: 1, timestamp: 1_800_000_000_000 },
      { partitionIndex: 2, timestamp: 0 },
    ]),
  },
  {
    what: 'offsets: bad partitions',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -1 },
      { partitionIndex: 0, timestamp: -2 },
      { partitionIndex: 44, timestamp: -1 },
    ]),
  },
  {
    what: 'offsets: leader epochs',
    api: 'ListOffsets',
    versions: (version) => version >= 4,
    body: listOffsets([
      { partitionIndex: 0, timestamp: -1, currentLeaderEpoch: 9 },
      { partitionIndex: 1, timestamp: -1, currentLeaderEpoch: 0 },
    ]),
  },
  {
    what: 'ends of epochs',
    api: 'OffsetForLeaderEpoch',
    body: () => ({
      topics: [
        {
          topic: 'plain',
          partitions: [
            { partition: 0, leaderEpoch: 0 },
            { partition: 1, leaderEpoch: 5 },
            { partition: 2, leaderEpoch: 0, currentLeaderEpoch: 8 },
            { partition: 9, leaderEpoch: 0 },
          ],
        },
      ],
    }),
  },
  {
    what: 'delete records',
    api: 'DeleteRecords',
    body: (version) => ({
      timeoutMs: 5000,
      topics: [
        {
          name: 'plain',
          partitions: [
            { partitionIndex: 0, offset: 2 + version },
            { partitionIndex: 1, offset: 999_999 },
            { partitionIndex: 9, offset: 0 },
          ],
        },
      ],
    }),
  },
  {
    what: 'delete records, below and all',
    api: 'DeleteRecords',
    body: () => ({
      timeoutMs: 5000,
      topics: [
        {
          name: 'plain',
          partitions: [
            { partitionIndex: 0, offset: 1 },
            { partitionIndex: 2, offset: -1 },
            { partitionIndex: 1, offset: -3 },
          ],
        },
      ],
    }),
  },
  {
    what: 'delete records of a compacted and an internal topic',
    api: 'DeleteRecords',
    body: () => ({
      timeoutMs: 5000,
      topics: [
        { name: 'compacted', partitions: [{ partitionIndex: 0, offset: 0 }] },
        { name: '__consumer_offsets', partitions: [{ partitionIndex: 0, offset: 0 }] },
      ],
    }),
  },
  { what: 'fetch below the start', api: 'Fetch', body: fetch([{ partition: 0, fetchOffset: 0 }]) },
  {
    what: 'offsets after deletion',
    api: 'ListOffsets',
    body: listOffsets([
      { partitionIndex: 0, timestamp: -2 },
      { partitionIndex: 2, timestamp: -2 },
    ]),
  },
];
