import { describe, expect, test } from 'vitest';
import { decodeMessage } from '../../../../extension/protocol/message-type.ts';
import { leaderChangeMessage } from '../../../../extension/protocol/generated/leader-change-message.ts';
import { votersRecord } from '../../../../extension/protocol/generated/voters-record.ts';
import { ControlRecordType, readControlRecords } from '../../../../extension/records/control-record.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { RaftErrorCode } from '../../../../extension/engine/raft/raft-ports.ts';
import type { QuorumStatus } from '../../../../extension/engine/raft/raft-ports.ts';
import { LOG_DIR, Machine, METADATA_DIR, records } from './raft-fixture.ts';

const LOG = `${METADATA_DIR}/00000000000000000000.log`;

/** Control records of each batch of the log, by type. */
function controlRecords(machine: Machine): number[][] {
  const bytes = machine.disk.readFileSync(LOG);
  const found: number[][] = [];
  for (let at = 0; at < bytes.length; at += batch.batchSize(bytes, at)) {
    if (batch.isControl(bytes, at)) found.push(readControlRecords(bytes, at).map(({ type }) => type));
  }
  return found;
}

function quorumState(machine: Machine): unknown {
  return JSON.parse(machine.disk.readFileSync(`${METADATA_DIR}/quorum-state`).toString());
}

describe('a voter alone', () => {
  test('elects itself, and leads once the first batch of its epoch is committed', async () => {
    const machine = new Machine();
    const { raft, listener } = await machine.start();
    expect(listener.leaders).toEqual([{ leaderId: 1, epoch: 1 }]);
    expect(raft.leaderAndEpoch()).toEqual({ leaderId: 1, epoch: 1 });
    expect(raft.highWatermark()).toBe(3);
    expect(raft.kraftVersion()).toBe(1);
    expect(quorumState(machine)).toEqual({
      leaderId: 1,
      leaderEpoch: 1,
      votedId: -1,
      votedDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
      data_version: 1,
    });
    expect(machine.disk.readFileSync(`${METADATA_DIR}/partition.metadata`).toString()).toBe(
      'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ',
    );
  });

  test('writes leader change, kraft version and voters once, then leader changes alone', async () => {
    const machine = new Machine();
    const directoryId = machine.format();
    await (await machine.start()).raft.shutdown();
    const second = await machine.start();
    const { leaderChange, kraftVersion, kraftVoters } = ControlRecordType;
    expect(controlRecords(machine)).toEqual([[leaderChange, kraftVersion, kraftVoters], [leaderChange]]);
    expect(second.listener.leaders).toEqual([{ leaderId: 1, epoch: 2 }]);

    const bytes = machine.disk.readFileSync(LOG);
    const [change, , voters] = readControlRecords(bytes, 0);
    expect(decodeMessage(leaderChangeMessage, change!.value!, 0)).toMatchObject({
      leaderId: 1,
      voters: [{ voterId: 1 }],
      grantingVoters: [{ voterId: 1 }],
    });
    expect(decodeMessage(votersRecord, voters!.value!, 0).voters).toMatchObject([
      {
        voterId: 1,
        voterDirectoryId: directoryId,
        endpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 10092 }],
        kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
      },
    ]);
  });

  test('writes its voters again when its address has changed', async () => {
    const machine = new Machine();
    await (await machine.start()).raft.shutdown();
    const moved = [{ name: 'CONTROLLER', host: '127.0.0.1', port: 20092 }];
    const { raft } = await machine.start({ controllerEndpoints: moved });
    expect(controlRecords(machine)).toHaveLength(2);
    expect(controlRecords(machine)[1]).toContain(ControlRecordType.kraftVoters);
    expect(raft.describeQuorum().nodes).toEqual([{ nodeId: 1, listeners: moved }]);
  });

  test('describes itself', async () => {
    const machine = new Machine();
    const directoryId = machine.format();
    const { raft } = await machine.start();
    const nowMs = machine.clock.nowMs();
    expect(raft.describeQuorum()).toEqual({
      leaderId: 1,
      leaderEpoch: 1,
      highWatermark: 3,
      voters: [
        { replicaId: 1, directoryId, logEndOffset: 3, lastFetchTimestampMs: nowMs, lastCaughtUpTimestampMs: nowMs },
      ],
      observers: [],
      nodes: [{ nodeId: 1, listeners: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 10092 }] }],
    });
  });
});

describe('appends', () => {
  test('are committed in order, and not before they are durable', async () => {
    const machine = new Machine();
    const { raft, listener } = await machine.start();
    expect(raft.append(1, records('a', 'b'))).toBe(4);
    expect(raft.append(1, records('c'))).toBe(5);
    expect(raft.logEndOffset()).toBe(6);
    expect(listener.seen).toEqual([]);
    machine.disk.onCall = (operation) => {
      if (operation === 'sync') expect(listener.seen).toEqual([]);
    };
    await machine.settle();
    expect(listener.seen).toEqual(['3:a', '4:b', '5:c']);
    expect(raft.highWatermark()).toBe(6);
  });

  test('of one turn are written by one call, each as a batch of its own', async () => {
    const machine = new Machine();
    const { raft } = await machine.start();
    let writes = 0;
    machine.disk.onCall = (operation, path) => {
      if (operation === 'write' && path === LOG) writes++;
    };
    for (let i = 0; i < 100; i++) raft.append(1, records(`record ${i}`));
    await machine.settle();
    expect(writes).toBe(1);
    expect(raft.highWatermark()).toBe(103);
  });

  test('made while a flush is under way wait for the next one', async () => {
    const machine = new Machine();
    const { raft, listener } = await machine.start();
    listener.onCommitted = ({ baseOffset }) => {
      if (baseOffset === 3) raft.append(1, records('from inside'));
    };
    raft.append(1, records('first'));
    await machine.settle();
    expect(listener.seen).toEqual(['3:first', '4:from inside']);
  });

  test('are refused unless the node leads in that epoch', async () => {
    const machine = new Machine();
    const { raft } = machine.open();
    const notLeader = expect.objectContaining({ code: RaftErrorCode.NOT_LEADER });
    expect(() => raft.append(0, records('x'))).toThrow(notLeader);
    raft.start();
    // It has won, but its epoch is not open yet.
    expect(() => raft.append(1, records('x'))).toThrow(notLeader);
    await machine.settle();
    expect(() => raft.append(2, records('x'))).toThrow(notLeader);
    raft.resign(1);
    expect(() => raft.append(1, records('x'))).toThrow(notLeader);
    await raft.shutdown();
    expect(() => raft.append(1, records('x'))).toThrow(expect.objectContaining({ code: RaftErrorCode.CLOSED }));
  });

  test('that the disk refuses are fatal, once, and nothing is committed', async () => {
    const machine = new Machine();
    const { raft, listener, fatal } = await machine.start();
    machine.disk.capacityBytes = machine.disk.usedBytes;
    raft.append(1, records('does not fit'));
    raft.append(1, records('nor does this'));
    await machine.settle();
    expect(fatal).toHaveLength(1);
    expect(listener.seen).toEqual([]);
    machine.disk.capacityBytes = Infinity;
    const { listener: again } = await machine.start();
    expect(again.seen).toEqual([]);
  });

  test('whose flush fails are fatal too', async () => {
    const machine = new Machine();
    const { raft, listener, fatal } = await machine.start();
    machine.disk.onCall = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    raft.append(1, records('a'));
    await machine.settle();
    expect(fatal).toHaveLength(1);
    expect(listener.seen).toEqual([]);
  });
});

describe('a restart', () => {
  test('hands over everything that was committed, before it leads', async () => {
    const machine = new Machine();
    const first = await machine.start();
    first.raft.append(1, records('a', 'b'));
    await machine.settle();
    await first.raft.shutdown();
    const { listener, raft } = await machine.start();
    expect(listener.seen).toEqual(['3:a', '4:b']);
    expect(listener.order).toEqual(['commit', 'leader']);
    expect(raft.leaderAndEpoch().epoch).toBe(2);
    raft.append(2, records('c'));
    await machine.settle();
    expect(listener.seen.at(-1)).toBe('6:c');
  });

  test('without shutting down loses nothing that was committed', async () => {
    const machine = new Machine();
    const first = await machine.start();
    first.raft.append(1, records('a'));
    await machine.settle();
    first.raft.append(1, records('never written'));
    first.raft.kill();
    await machine.settle();
    machine.disk.losePower(() => 0);
    const { listener } = await machine.start();
    expect(listener.seen).toEqual(['3:a']);
  });

  test('never leads in an epoch twice, even without quorum-state', async () => {
    const machine = new Machine();
    await (await machine.start()).raft.shutdown();
    await (await machine.start()).raft.shutdown();
    machine.disk.unlinkSync(`${METADATA_DIR}/quorum-state`);
    const { raft } = await machine.start();
    expect(raft.leaderAndEpoch()).toEqual({ leaderId: 1, epoch: 3 });
  });

  test('writes down that it leads before it acts on it', async () => {
    const machine = new Machine();
    const node = machine.open();
    const states: string[] = [];
    machine.disk.onCall = (operation, path) => {
      if (operation === 'rename' && path.endsWith('quorum-state.tmp')) {
        states.push(machine.disk.readFileSync(path).toString());
      }
      if (operation === 'write' && path === LOG) states.push('log');
    };
    node.raft.start();
    await machine.settle();
    expect(
      states.map((state) => (state === 'log' ? state : (JSON.parse(state) as { votedId: number }).votedId)),
    ).toEqual([-1, 'log']);
  });

  test('goes on in a directory with configured voters (kraft.version 0)', async () => {
    const machine = new Machine();
    machine.format();
    machine.disk.unlinkSync(`${METADATA_DIR}/00000000000000000000-0000000000.checkpoint`);
    const state = {
      clusterId: '',
      leaderId: 1,
      leaderEpoch: 7,
      votedId: -1,
      appliedOffset: 0,
      currentVoters: [{ voterId: 1 }],
      data_version: 0,
    };
    machine.disk.writeFileAtomicSync(`${METADATA_DIR}/quorum-state`, JSON.stringify(state));
    const { raft } = await machine.start();
    expect(raft.kraftVersion()).toBe(0);
    expect(controlRecords(machine)).toEqual([[ControlRecordType.leaderChange]]);
    expect(quorumState(machine)).toEqual({ ...state, leaderEpoch: 8 });
    expect(raft.describeQuorum().voters[0]?.directoryId).toBe('AAAAAAAAAAAAAAAAAAAAAA');
  });

  test('alone in a quorum of three has no leader, and says so', async () => {
    const machine = new Machine();
    machine.format();
    machine.disk.unlinkSync(`${METADATA_DIR}/00000000000000000000-0000000000.checkpoint`);
    const currentVoters = [1, 2, 3].map((voterId) => ({ voterId }));
    const state = {
      clusterId: '',
      leaderId: 2,
      leaderEpoch: 7,
      votedId: -1,
      appliedOffset: 0,
      currentVoters,
      data_version: 0,
    };
    machine.disk.writeFileAtomicSync(`${METADATA_DIR}/quorum-state`, JSON.stringify(state));
    const statuses: QuorumStatus[] = [];
    const { raft, listener } = machine.open({ onQuorumChange: (status) => statuses.push(status) });
    raft.start();
    await machine.clock.advance(10_000);
    expect(listener.leaders.filter(({ leaderId }) => leaderId === 1)).toEqual([]);
    expect(statuses).toEqual([
      {
        leaderId: -1,
        epoch: 7,
        voters: [1, 2, 3],
        hasMajority: false,
        reason: 'no majority: 1 of 3 voters can be reached',
      },
    ]);
    expect(quorumState(machine)).toEqual(state);
  });

  test('with a damaged quorum-state fails and changes nothing', () => {
    const machine = new Machine();
    machine.format();
    machine.disk.writeFileAtomicSync(`${METADATA_DIR}/quorum-state`, '{"leaderId":1');
    expect(() => machine.open()).toThrow(expect.objectContaining({ code: RaftErrorCode.CORRUPT_METADATA }));
    expect(machine.disk.readFileSync(`${METADATA_DIR}/quorum-state`).toString()).toBe('{"leaderId":1');
  });
});

describe('snapshots', () => {
  async function withSnapshot(machine: Machine, options: Parameters<Machine['start']>[0] = {}) {
    const node = await machine.start(options);
    node.raft.append(1, records('a', 'b'));
    await machine.settle();
    const written = node.raft.createSnapshot({ offset: 5, epoch: 1 }, 42, [records('ab')]);
    await machine.settle();
    await written;
    return node;
  }

  const NAME = `${METADATA_DIR}/00000000000000000005-0000000001.checkpoint`;

  test('take the place of the log before them', async () => {
    const machine = new Machine();
    const node = await withSnapshot(machine);
    expect(node.raft.latestSnapshot()).toEqual({ offset: 5, epoch: 1 });
    node.raft.append(1, records('c'));
    await machine.settle();
    await node.raft.shutdown();
    const { listener } = await machine.start();
    expect(listener.seen).toEqual(['snapshot 5-1: ab', '5:c']);
    expect(listener.order).toEqual(['snapshot', 'commit', 'leader']);
  });

  test('of what is not committed, or is there already, are not written', async () => {
    const machine = new Machine();
    const { raft } = await withSnapshot(machine);
    const before = machine.disk.paths;
    await raft.createSnapshot({ offset: 6, epoch: 1 }, 42, [records('x')]);
    await raft.createSnapshot({ offset: 5, epoch: 1 }, 42, [records('x')]);
    await raft.createSnapshot({ offset: 4, epoch: 1 }, 42, [records('x')]);
    expect(machine.disk.paths).toEqual(before);
  });

  test('that are half written disappear', async () => {
    const machine = new Machine();
    await (await withSnapshot(machine)).raft.shutdown();
    const part = `${METADATA_DIR}/00000000000000000009-0000000001.checkpoint.part`;
    machine.disk.openSync(part, 'create').close();
    const { raft } = await machine.start();
    expect(machine.disk.existsSync(part)).toBe(false);
    expect(raft.latestSnapshot()).toEqual({ offset: 5, epoch: 1 });
  });

  test('that fail to be written leave the node as it was', async () => {
    const machine = new Machine();
    const { raft } = await machine.start();
    machine.disk.capacityBytes = machine.disk.usedBytes;
    await expect(raft.createSnapshot({ offset: 3, epoch: 1 }, 42, [records('x')])).rejects.toThrow('ENOSPC');
    expect(machine.disk.paths.filter((path) => path.includes('.part'))).toEqual([]);
    expect(raft.latestSnapshot()).toBeUndefined();
    machine.disk.capacityBytes = Infinity;
    raft.append(1, records('goes on'));
    await machine.settle();
    expect(raft.highWatermark()).toBe(4);
  });

  test('let old ones and the log before them go when all is too large', async () => {
    const machine = new Machine();
    const options = { segmentBytes: 300, retentionMaxBytes: 1500 };
    const { raft, listener } = await machine.start(options);
    for (let i = 0; i < 40; i++) {
      raft.append(1, records(`record number ${i}`));
      await machine.settle();
      if (i % 10 !== 9) continue;
      const offset = raft.highWatermark();
      const written = raft.createSnapshot({ offset, epoch: 1 }, 42, [records(`up to ${i}`)]);
      await machine.settle();
      await written;
    }
    await machine.clock.advance(1000);
    const names = machine.disk.paths
      .filter((path) => path.startsWith(METADATA_DIR))
      .map((path) => path.slice(METADATA_DIR.length + 1));
    const snapshots = names.filter((name) => name.endsWith('.checkpoint'));
    expect(snapshots.at(-1)).toBe('00000000000000000043-0000000001.checkpoint');
    expect(snapshots.length).toBeLessThan(4);
    expect(names).not.toContain('00000000000000000000.log');
    expect(listener.seen).toHaveLength(40);
    await raft.shutdown();
    const again = await machine.start(options);
    expect(again.listener.seen).toEqual(['snapshot 43-1: up to 39']);
    expect(again.raft.kraftVersion()).toBe(1);
  });

  test('that are cut short are told from the log while it reaches back far enough', async () => {
    const machine = new Machine();
    const said: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void said.push(message) };
    await (await withSnapshot(machine)).raft.shutdown();
    const file = machine.disk.openSync(NAME, 'readWrite');
    file.truncateSync(file.sizeSync() - 10);
    file.close();
    const { listener } = await machine.start({ logger });
    expect(listener.seen).toEqual(['3:a', '4:b']);
    expect(said.join()).toContain('is damaged');
  });

  test('that are cut short stop the node where the log does not', async () => {
    const machine = new Machine();
    const node = await withSnapshot(machine, { retentionMaxBytes: 0 });
    await node.raft.shutdown();
    const file = machine.disk.openSync(NAME, 'readWrite');
    file.truncateSync(file.sizeSync() - 10);
    file.close();
    expect(() => machine.open()).toThrow(expect.objectContaining({ code: RaftErrorCode.CORRUPT_METADATA }));
  });
});

describe('a log directory', () => {
  test('is formatted once, and keeps its id', () => {
    const machine = new Machine();
    const directoryId = machine.format();
    expect(machine.format()).toBe(directoryId);
    expect(machine.disk.readFileSync(`${LOG_DIR}/meta.properties`).toString()).toBe(
      `cluster.id=cluster-of-the-tests\ndirectory.id=${directoryId}\nnode.id=1\nversion=1\n`,
    );
    expect(machine.disk.existsSync(`${LOG_DIR}/bootstrap.checkpoint`)).toBe(true);
  });
});
