import { expect, test } from 'vitest';
import { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import { EMPTY_IMAGE } from '../../../../extension/engine/metadata/metadata-image.ts';
import { encodeMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { NewMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import {
  PartitionIndex,
  partitionsOf,
  partitionsWhere,
} from '../../../../extension/engine/metadata/partition-index.ts';
import type { PartitionSet } from '../../../../extension/engine/metadata/partition-index.ts';
import { uuid } from './metadata-fixture.ts';

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

const flat = (partitions: PartitionSet): string[] =>
  [...partitions].flatMap(([topic, ids]) => [...ids].map((id) => `${topic}/${id}`)).sort();

test('says the same as a look at every partition, whatever happens to them', () => {
  const next = numbers(7);
  const brokers = [1, 2, 3, 4];
  const some = (): number[] => brokers.filter(() => next(2) === 0);
  let image = EMPTY_IMAGE;
  const index = new PartitionIndex();
  const topics: { id: string; partitions: number }[] = [];
  let made = 0;
  for (let step = 0; step < 400; step++) {
    const records: NewMetadataRecord[] = [];
    for (let i = 0; i <= next(3); i++) {
      const topic = topics[next(topics.length + 1)];
      if (topic === undefined) {
        const id = uuid(++made);
        const partitions = 1 + next(3);
        records.push({ type: 'TOPIC_RECORD', version: 0, data: { name: `t${made}`, topicId: id } });
        for (let partitionId = 0; partitionId < partitions; partitionId++) {
          const replicas = [...brokers].sort(() => next(3) - 1);
          const data = { topicId: id, partitionId, replicas, isr: replicas, leader: replicas[0]!, leaderEpoch: 0 };
          const lists = { addingReplicas: [], removingReplicas: [], partitionEpoch: 0 };
          records.push({
            type: 'PARTITION_RECORD',
            version: 2,
            data: { ...data, ...lists, directories: replicas.map(uuid) },
          });
        }
        topics.push({ id, partitions });
      } else if (next(12) === 0) {
        records.push({ type: 'REMOVE_TOPIC_RECORD', version: 0, data: { topicId: topic.id } });
        topics.splice(topics.indexOf(topic), 1);
      } else {
        const data = {
          ...{ topicId: topic.id, partitionId: next(topic.partitions), isr: some(), leader: next(5) || -1 },
          ...{ eligibleLeaderReplicas: some(), addingReplicas: next(4) === 0 ? some() : [], removingReplicas: [] },
        };
        records.push({ type: 'PARTITION_CHANGE_RECORD', version: 2, data });
      }
    }
    const delta = new MetadataDelta(image);
    for (const record of records) delta.replayFrame(encodeMetadataRecord(record));
    image = delta.apply({ offset: step, epoch: 1, lastContainedLogTimeMs: 0 });
    index.apply(delta.topics);
    for (const each of [index, PartitionIndex.of(image.topics)]) {
      for (const broker of brokers) {
        const where = (fits: Parameters<typeof partitionsWhere>[1]): string[] =>
          flat(partitionsWhere(image.topics, fits));
        expect(flat(each.withIsrMember(broker))).toEqual(where(({ isr }) => isr.includes(broker)));
        expect(flat(each.withElrMember(broker))).toEqual(where(({ elr }) => elr.includes(broker)));
        expect(flat(each.withEligible(broker))).toEqual(
          where(({ isr, elr }) => isr.includes(broker) || elr.includes(broker)),
        );
        expect(each.leaderships(broker)).toBe(where(({ leader }) => leader === broker).length);
      }
      expect(flat(each.leaderless)).toEqual(flat(partitionsWhere(image.topics, ({ leader }) => leader === -1)));
      expect(flat(each.reassigning)).toEqual(
        flat(partitionsWhere(image.topics, ({ addingReplicas }) => addingReplicas.length > 0)),
      );
      expect(flat(each.imbalanced)).toEqual(
        flat(partitionsWhere(image.topics, ({ leader, replicas }) => leader !== replicas[0])),
      );
    }
    expect([...partitionsOf(image.topics, index.leaderless)].every(({ partition }) => partition.leader === -1)).toBe(
      true,
    );
  }
  expect(made).toBeGreaterThan(20);
});
