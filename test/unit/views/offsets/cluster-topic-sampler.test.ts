import { expect, test } from 'vitest';
import { ClusterTopicSampler } from '../../../../extension/views/offsets/cluster-topic-sampler.ts';
import type { TopicAdmin } from '../../../../extension/views/offsets/cluster-topic-sampler.ts';

const signal = new AbortController().signal;

function fakeAdmin(overrides: Partial<TopicAdmin> = {}): TopicAdmin {
  return {
    describeTopics: () =>
      Promise.resolve([
        {
          name: 'orders',
          topicId: 'x',
          isInternal: false,
          error: null,
          partitions: [
            {
              partition: 0,
              leader: 2,
              leaderEpoch: 4,
              replicas: [1, 2],
              isr: [2],
              offlineReplicas: [1],
              elr: [1],
              lastKnownElr: null,
            },
            {
              partition: 1,
              leader: -1,
              leaderEpoch: -1,
              replicas: [1],
              isr: [1],
              offlineReplicas: [1],
              elr: null,
              lastKnownElr: null,
            },
          ],
        },
      ]),
    listOffsets: (wanted, options) =>
      Promise.resolve(
        wanted.map(({ topic, partition, spec }) => ({
          topic,
          partition,
          error: null,
          value: {
            offset: spec === 'earliest' ? 5 : options?.isolation === 'read_committed' ? 90 : 100,
            timestamp: -1,
            leaderEpoch: 4,
          },
        })),
      ),
    describeLogDirs: () =>
      Promise.resolve([
        {
          brokerId: 2,
          error: null,
          dirs: [
            {
              path: '/data',
              error: null,
              totalBytes: -1,
              usableBytes: -1,
              isCordoned: false,
              replicas: [
                { topic: 'orders', partition: 0, sizeBytes: 777, offsetLag: 0, isFuture: false },
                { topic: 'orders', partition: 0, sizeBytes: 1, offsetLag: 0, isFuture: true },
              ],
            },
          ],
        },
      ]),
    describeConfigs: () => Promise.reject(new Error('not allowed')),
    ...overrides,
  };
}

test('puts offsets, sizes and metadata together; a partition without leader has none', async () => {
  const sampler = new ClusterTopicSampler({
    topic: 'orders',
    admin: () => fakeAdmin(),
    logEnds: () => Promise.resolve(new Map([[0, 103]])),
  });
  const sample = await sampler.sample(signal);
  expect(sample?.partitions[0]).toMatchObject({
    leader: 2,
    logStart: 5,
    lastStable: 90,
    highWatermark: 100,
    logEnd: 103,
    sizeBytes: 777,
    eligible: [1],
  });
  expect(sample?.partitions[1]).toMatchObject({ leader: -1, leaderEpoch: null, highWatermark: null, logEnd: null });
});

test('configs that may not be read are left out', async () => {
  const sample = await new ClusterTopicSampler({ topic: 'orders', admin: () => fakeAdmin() }).sample(signal);
  expect(sample).toMatchObject({ cleanupPolicy: null, retentionMs: null });
});

test('one partition that cannot be asked does not hide the others', async () => {
  const admin = fakeAdmin({
    listOffsets: (wanted) =>
      Promise.resolve(
        wanted.map(({ topic, partition }) => ({ topic, partition, value: null, error: new Error('leader moves') })),
      ),
  });
  const sample = await new ClusterTopicSampler({ topic: 'orders', admin: () => admin }).sample(signal);
  expect(sample?.partitions[0]).toMatchObject({ problem: 'leader moves', highWatermark: null });
});

test('a topic that does not exist is null; a cluster that is off rejects', async () => {
  const gone = Object.assign(new Error('no such topic'), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  const admin = fakeAdmin({
    describeTopics: () =>
      Promise.resolve([{ name: 'orders', topicId: '', isInternal: false, partitions: [], error: gone as never }]),
  });
  await expect(new ClusterTopicSampler({ topic: 'orders', admin: () => admin }).sample(signal)).resolves.toBeNull();
  const off = new ClusterTopicSampler({
    topic: 'orders',
    admin: () => {
      throw new Error('off');
    },
  });
  await expect(off.sample(signal)).rejects.toThrow('off');
});
