import { describe, expect, test } from 'vitest';
import { RaftErrorCode } from '../../../../extension/engine/raft/raft-ports.ts';
import {
  firstDirectoryId,
  formatLogDirs,
  METADATA_LOG,
  readBootstrapRecords,
} from '../../../../extension/engine/raft/driver/format-directory.ts';
import type { FormatOptions } from '../../../../extension/engine/raft/driver/format-directory.ts';
import { MetaPropertiesError, readMetaProperties } from '../../../../extension/engine/log/meta-properties.ts';
import { QuorumStateFile } from '../../../../extension/engine/raft/driver/quorum-state-file.ts';
import { readSnapshot, writeSnapshotSync } from '../../../../extension/engine/raft/driver/snapshots.ts';
import { VoterSet } from '../../../../extension/engine/raft/voter-set.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { fixedRandom } from './raft-fixture.ts';

/** The first snapshot of a directory that `kafka-storage format --standalone` of Apache Kafka 4.3.1 made. */
const FIRST_SNAPSHOT = [
  '00000000000000000000009a000000000284cee430002000000002000001a205e80243000001a205e80243ffffffffffffff',
  'ffffffffffffff000000032a0000000800000003160000000001a205e8023b00001e00000208000000050a00000001000082',
  '0100000408000000066e00000200000001da36530d60e74d0f9b53f8386bff0c5b020b434f4e54524f4c4c45520a3132372e',
  '302e302e31720900000000010000000000000000000000030000003f00000000028844b26d002000000000000001a205e802',
  '48000001a205e80248ffffffffffffffffffffffffffff000000011a00000008000000040600000000',
].join('');

const clock = new FakeClock(1_795_395_420_739);

function options(shape: Partial<FormatOptions> = {}): FormatOptions & { fileSystem: MemoryFileSystem } {
  return {
    clock,
    random: fixedRandom(),
    nodeId: 1,
    clusterId: 'c',
    logDirs: ['/d1'],
    controllerEndpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 29193 }],
    bootstrapRecords: [Buffer.from('first'), Buffer.from('second')],
    ...shape,
    fileSystem: (shape.fileSystem as MemoryFileSystem | undefined) ?? new MemoryFileSystem(),
  };
}

describe('the first voters of a quorum', () => {
  const initialVoters = [1, 2, 3].map((nodeId) => ({
    nodeId,
    directoryId: Buffer.alloc(16, nodeId + 32).toString('base64url'),
    host: '127.0.0.1',
    port: 10_091 + nodeId,
  }));
  const FIRST = `/d1/${METADATA_LOG}/00000000000000000000-0000000000.checkpoint`;

  test('are written down by each of them, all the same', () => {
    const sets = initialVoters.map(({ nodeId, directoryId }) => {
      const given = options({ nodeId, directoryId, initialVoters });
      expect(formatLogDirs(given)[0]?.directoryId).toBe(directoryId);
      return readSnapshot(given.fileSystem, FIRST, { offset: 0, epoch: 0 }).quorum;
    });
    for (const { kraftVersion, voters } of sets) {
      expect(kraftVersion).toBe(1);
      expect(voters?.nodes()).toEqual(
        initialVoters.map(({ nodeId, directoryId, host, port }) => ({
          ...{ id: nodeId, directoryId, minKRaftVersion: 0, maxKRaftVersion: 1 },
          endpoints: [{ name: 'CONTROLLER', host, port }],
        })),
      );
    }
  });

  test('are not written down by anybody else', () => {
    const given = options({ nodeId: 4, initialVoters, controllerEndpoints: undefined });
    formatLogDirs(given);
    expect(given.fileSystem.existsSync(FIRST)).toBe(false);
    expect(readBootstrapRecords(given.fileSystem, '/d1')).toHaveLength(2);
  });

  test('need an id before they are formatted, which stays', () => {
    const fileSystem = new MemoryFileSystem();
    const directoryId = firstDirectoryId(fileSystem, fixedRandom(), '/d1');
    expect(directoryId).toHaveLength(22);
    formatLogDirs(options({ fileSystem, directoryId }));
    expect(firstDirectoryId(fileSystem, fixedRandom(), '/d1')).toBe(directoryId);
  });
});

describe('snapshots', () => {
  test('are byte for byte what Apache Kafka writes', () => {
    const disk = new MemoryFileSystem();
    const voters = new VoterSet([
      {
        id: 1,
        directoryId: '2jZTDWDnTQ-bU_g4a_8MWw',
        endpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 29193 }],
        minKRaftVersion: 0,
        maxKRaftVersion: 1,
      },
    ]);
    const header = { epoch: 0, lastContainedLogTimestampMs: 1_795_395_420_731, kraftVersion: 1, voters };
    writeSnapshotSync(disk, '/s', { ...header, nowMs: 1_795_395_420_739 }, []);
    const written = disk.readFileSync('/s').toString('hex');
    // The footer was stamped 5 ms later there.
    const opening = 166 * 2;
    expect(written.slice(0, opening)).toBe(FIRST_SNAPSHOT.slice(0, opening));
    expect(written).toHaveLength(FIRST_SNAPSHOT.length);
    disk.writeFileAtomicSync('/k', Buffer.from(FIRST_SNAPSHOT, 'hex'));
    const fromKafka = readSnapshot(disk, '/k', { offset: 0, epoch: 0 });
    expect(fromKafka.lastContainedLogTimestampMs).toBe(1_795_395_420_731);
    expect(fromKafka.quorum.kraftVersion).toBe(1);
    expect(fromKafka.quorum.voters?.nodes()).toEqual(voters.nodes());
  });

  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['an empty file', () => Buffer.alloc(0), 'ends before its footer'],
    ['one without footer', (bytes) => bytes.subarray(0, 166), 'ends before its footer'],
    ['one that begins in the middle', (bytes) => bytes.subarray(166), 'does not begin with a header'],
    [
      'one with something behind the footer',
      (bytes) => Buffer.concat([bytes, bytes.subarray(166)]),
      'follow its footer',
    ],
    ['one with a wrong byte', (bytes) => Buffer.from(bytes).fill(0xff, 100, 101), 'crc'],
    ['one that is cut off', (bytes) => bytes.subarray(0, 200), 'cut off'],
  ])('%s is refused', (_what, spoil, message) => {
    const disk = new MemoryFileSystem();
    disk.writeFileAtomicSync('/s', spoil(Buffer.from(FIRST_SNAPSHOT, 'hex')));
    const read = (): unknown => readSnapshot(disk, '/s', { offset: 0, epoch: 0 });
    expect(read).toThrow(expect.objectContaining({ code: RaftErrorCode.CORRUPT_METADATA }));
    expect(read).toThrow(message);
  });
});

describe('formatting', () => {
  test('gives every directory an id, and the first one the metadata', () => {
    const wanted = options({ logDirs: ['/d1', '/d2'] });
    const [first, second] = formatLogDirs(wanted);
    expect(first).toMatchObject({ nodeId: 1, clusterId: 'c' });
    expect(second?.directoryId).not.toBe(first?.directoryId);
    expect(wanted.fileSystem.paths).toEqual([
      '/d1/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint',
      '/d1/bootstrap.checkpoint',
      '/d1/meta.properties',
      '/d2/meta.properties',
    ]);
    expect(readBootstrapRecords(wanted.fileSystem, '/d1')?.map(String)).toEqual(['first', 'second']);
    expect(readBootstrapRecords(wanted.fileSystem, '/d2')).toBeUndefined();
    expect(formatLogDirs(wanted)).toEqual([first, second]);
  });

  test('begins again where it was interrupted', () => {
    const wanted = options();
    wanted.fileSystem.onCall = (_operation, path) => {
      if (path.includes('meta.properties')) throw new Error('power is gone');
    };
    expect(() => formatLogDirs(wanted)).toThrow('power is gone');
    wanted.fileSystem.onCall = undefined;
    const [meta] = formatLogDirs(wanted);
    const name = '/d1/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint';
    const { quorum } = readSnapshot(wanted.fileSystem, name, { offset: 0, epoch: 0 });
    expect(quorum.voters?.nodes()[0]?.directoryId).toBe(meta?.directoryId);
  });

  test.each<[string, Partial<FormatOptions>, string]>([
    ['of another cluster', { clusterId: 'other' }, 'belongs to cluster c, not to other'],
    ['of another node', { nodeId: 2 }, 'belongs to node 1, not to node 2'],
  ])('refuses a directory %s', (_what, shape, message) => {
    const wanted = options();
    formatLogDirs(wanted);
    const again = (): unknown => formatLogDirs({ ...wanted, ...shape });
    expect(again).toThrow(expect.objectContaining({ code: RaftErrorCode.INCONSISTENT_DIRECTORY }));
    expect(again).toThrow(message);
  });

  test('refuses a copy of a directory beside it', () => {
    const wanted = options();
    formatLogDirs(wanted);
    wanted.fileSystem.mkdirSync('/copy');
    wanted.fileSystem.writeFileAtomicSync(
      '/copy/meta.properties',
      wanted.fileSystem.readFileSync('/d1/meta.properties'),
    );
    expect(() => formatLogDirs({ ...wanted, logDirs: ['/d1', '/copy'] })).toThrow('it is a copy');
  });
});

describe('meta.properties', () => {
  function read(text: string): unknown {
    const disk = new MemoryFileSystem();
    disk.mkdirSync('/d');
    disk.writeFileAtomicSync('/d/meta.properties', text);
    return readMetaProperties(disk, '/d');
  }

  test('of Apache Kafka are read', () => {
    const text =
      '#\n#Mon Nov 23 00:57:00 UTC 2026\nnode.id=1\ndirectory.id=2jZTDWDnTQ-bU_g4a_8MWw\nversion=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n';
    expect(read(text)).toEqual({
      nodeId: 1,
      directoryId: '2jZTDWDnTQ-bU_g4a_8MWw',
      clusterId: 'MkU3OEVBNTcwNTJENDM2Qk',
    });
  });

  test.each([
    ['version=1\ncluster.id=c\n'],
    ['version=1\nnode.id=1\n'],
    ['version=0\ncluster.id=c\nbroker.id=1\n'],
    ['version=1\ncluster.id=c\nnode.id=x\n'],
    ['\0\0\0'],
  ])('that say too little are refused: %j', (text) => {
    expect(() => read(text)).toThrow(MetaPropertiesError);
  });
});

describe('a log directory that the disk will not give', () => {
  const broken = (path: string): MemoryFileSystem => {
    const disk = new MemoryFileSystem();
    disk.onCall = (operation, at) => {
      if (at.startsWith(path)) throw systemError('EIO', operation, at);
    };
    return disk;
  };

  test('is left out where the caller can do without', () => {
    const failed: string[] = [];
    const logDirs = ['/d1', '/d2', '/d3'];
    const given = options({ logDirs, fileSystem: broken('/d2'), onUnusable: (path) => failed.push(path) });
    const formatted = formatLogDirs(given);
    expect(failed).toEqual(['/d2']);
    expect(formatted).toEqual(['/d1', '/d3'].map((path) => readMetaProperties(given.fileSystem, path)));
  });

  test('ends the start when it is the first, which holds the metadata', () => {
    const given = options({ logDirs: ['/d1', '/d2'], fileSystem: broken('/d1'), onUnusable: () => {} });
    expect(() => formatLogDirs(given)).toThrow('EIO');
  });
});

describe('quorum-state', () => {
  const file = (text?: string): { state: QuorumStateFile; disk: MemoryFileSystem } => {
    const disk = new MemoryFileSystem();
    if (text !== undefined) disk.writeFileAtomicSync('/quorum-state', text);
    return { state: new QuorumStateFile(disk, '/quorum-state'), disk };
  };

  test('is what Apache Kafka writes, in both versions', () => {
    const { state, disk } = file();
    state.write({ epoch: 1, leaderId: 1, voted: undefined }, 1, [1]);
    expect(disk.readFileSync('/quorum-state').toString()).toBe(
      '{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}',
    );
    state.write({ epoch: 1, leaderId: 1, voted: undefined }, 0, [1]);
    expect(disk.readFileSync('/quorum-state').toString()).toBe(
      '{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}',
    );
  });

  test('remembers a vote with its directory', () => {
    const { state } = file();
    const voted = { id: 1, directoryId: '2jZTDWDnTQ-bU_g4a_8MWw' };
    state.write({ epoch: 3, leaderId: -1, voted }, 1, [1]);
    expect(state.read()).toEqual({ epoch: 3, leaderId: -1, voted });
  });

  test('that does not exist is the beginning', () => {
    expect(file().state.read()).toEqual({ epoch: 0, leaderId: -1, voted: undefined });
  });

  test.each([
    ['', 'JSON'],
    ['{}', 'data_version'],
    ['{"leaderId":1,"leaderEpoch":"x","votedId":-1,"data_version":1}', 'leaderEpoch'],
    ['{"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":2}', 'data_version 2'],
  ])('%j is refused', (text, message) => {
    expect(() => file(text).state.read()).toThrow(message);
  });
});
