import { describe, expect, test } from 'vitest';
import * as control from '../../../../extension/engine/raft/driver/control-records.ts';
import { snapshotName, writeSnapshotSync } from '../../../../extension/engine/raft/driver/snapshots.ts';
import { readStoredVoters } from '../../../../extension/engine/raft/driver/stored-voters.ts';
import { VoterSet } from '../../../../extension/engine/raft/voter-set.ts';
import { buildControlBatch } from '../../../../extension/records/control-record.ts';
import { RecordBatchBuilder } from '../../../../extension/records/record-batch-builder.ts';
import { MemoryFileSystem } from '../../../support/memory-file-system.ts';

const directory = '/data/broker-1/__cluster_metadata-0';

function set(...ids: number[]): VoterSet {
  const endpoints = [{ name: 'CONTROLLER', host: '127.0.0.1', port: 10_092 }];
  return new VoterSet(
    ids.map((id) => ({ id, directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ', endpoints, minKRaftVersion: 0, maxKRaftVersion: 1 })),
  );
}

function votersBatch(baseOffset: number, voters: VoterSet): Buffer {
  return buildControlBatch([control.kraftVersion(1), control.voters(voters)], 0, {
    baseOffset,
    partitionLeaderEpoch: 1,
  });
}

function dataBatch(baseOffset: number): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 1 });
  builder.append({ value: Buffer.from('a record'), timestamp: 0 });
  return builder.build();
}

function disk(
  segments: Readonly<Record<string, Buffer>>,
  snapshot?: { offset: number; voters: VoterSet },
): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  for (const folder of ['/data', '/data/broker-1', directory]) fileSystem.mkdirSync(folder);
  for (const [name, bytes] of Object.entries(segments)) fileSystem.writeFileAtomicSync(`${directory}/${name}`, bytes);
  if (snapshot !== undefined) {
    const id = { offset: snapshot.offset, epoch: 1 };
    const options = { epoch: 1, lastContainedLogTimestampMs: 0, nowMs: 0, kraftVersion: 1, voters: snapshot.voters };
    writeSnapshotSync(fileSystem, `${directory}/${snapshotName(id)}`, options, []);
  }
  return fileSystem;
}

const read = (fileSystem: MemoryFileSystem): readonly number[] | undefined =>
  readStoredVoters(fileSystem, '/data/broker-1');

const first = '00000000000000000000.log';

describe('readStoredVoters', () => {
  test('the last voters record counts, in whichever segment', () => {
    const segments = {
      [first]: Buffer.concat([votersBatch(0, set(1)), dataBatch(2), votersBatch(3, set(1, 2, 3))]),
      '00000000000000000005.log': Buffer.concat([dataBatch(5), votersBatch(6, set(2, 3))]),
    };
    expect(read(disk(segments))).toEqual([2, 3]);
  });

  test('a snapshot counts for what lies before it', () => {
    const segments = { [first]: Buffer.concat([votersBatch(0, set(1)), dataBatch(2)]) };
    expect(read(disk(segments, { offset: 3, voters: set(4, 5, 6) }))).toEqual([4, 5, 6]);
  });

  test('the torn end of a log does not matter', () => {
    const whole = votersBatch(0, set(1, 2, 3));
    const torn = votersBatch(2, set(9)).subarray(0, 70);
    expect(read(disk({ [first]: Buffer.concat([whole, torn]) }))).toEqual([1, 2, 3]);
  });

  test('nothing is said by an empty log, and where there is none', () => {
    expect(read(disk({ [first]: Buffer.alloc(0) }))).toBeUndefined();
    expect(read(new MemoryFileSystem())).toBeUndefined();
  });
});
