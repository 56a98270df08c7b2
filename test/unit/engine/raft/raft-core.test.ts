import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INITIAL_ELECTION } from '../../../../extension/engine/raft/election-state.ts';
import { LeaderState } from '../../../../extension/engine/raft/leader-state.ts';
import { RaftCore } from '../../../../extension/engine/raft/raft-core.ts';
import type { RaftCoreOptions } from '../../../../extension/engine/raft/raft-core.ts';
import { sameVoter, VoterSet } from '../../../../extension/engine/raft/voter-set.ts';
import type { VoterNode } from '../../../../extension/engine/raft/voter-set.ts';

function voter(id: number, directoryId: string | undefined = `dir-${id}`): VoterNode {
  return { id, directoryId, endpoints: [], minKRaftVersion: 0, maxKRaftVersion: 1 };
}

const self = { id: 1, directoryId: 'dir-1' };

function core(options: Partial<RaftCoreOptions> = {}): RaftCore {
  return new RaftCore({
    self,
    voters: new VoterSet([voter(1)]),
    election: INITIAL_ELECTION,
    logEnd: { offset: 0, epoch: 0 },
    ...options,
  });
}

describe('a sole voter', () => {
  test('campaigns, wins, opens its epoch and leads when that is durable', () => {
    const raft = core();
    expect(raft.role).toBe('unattached');
    expect(raft.campaign()).toEqual([
      { type: 'persist', election: { epoch: 1, leaderId: -1, voted: self } },
      { type: 'persist', election: { epoch: 1, leaderId: 1, voted: undefined } },
      { type: 'openEpoch', epoch: 1, granting: [1] },
    ]);
    expect(raft.role).toBe('leader');
    expect(() => raft.expectLeader(1)).toThrow('does not lead');
    expect(raft.appended({ offset: 3, epoch: 1 })).toEqual([]);
    expect(raft.flushed(3, 7)).toEqual([
      { type: 'commit', highWatermark: 3 },
      { type: 'leader', leader: { leaderId: 1, epoch: 1 } },
    ]);
    raft.expectLeader(1);
    raft.appended({ offset: 5, epoch: 1 });
    expect(raft.flushed(5, 8)).toEqual([{ type: 'commit', highWatermark: 5 }]);
    expect(raft.flushed(5, 9)).toEqual([]);
    expect(raft.progress()).toMatchObject([{ endOffset: 5, lastFetchTimestampMs: 9 }]);
  });

  test('does not commit what earlier epochs left before it has committed something of its own', () => {
    const raft = core({ election: { epoch: 4, leaderId: 1, voted: undefined }, logEnd: { offset: 100, epoch: 4 } });
    expect(raft.role).toBe('resigned');
    raft.campaign();
    expect(raft.epoch).toBe(5);
    expect(raft.flushed(100, 1)).toEqual([]);
    expect(raft.highWatermark).toBe(-1);
    raft.appended({ offset: 101, epoch: 5 });
    expect(raft.flushed(101, 1)).toMatchObject([{ type: 'commit', highWatermark: 101 }, { type: 'leader' }]);
  });

  test('takes the epoch of its log where that is ahead', () => {
    const raft = core({ logEnd: { offset: 10, epoch: 9 } });
    raft.campaign();
    expect(raft.epoch).toBe(10);
  });

  test('resigns, and leads again only in another epoch', () => {
    const raft = core();
    raft.campaign();
    raft.appended({ offset: 3, epoch: 1 });
    raft.flushed(3, 1);
    expect(raft.resign(7)).toEqual([]);
    expect(raft.resign(1)).toEqual([{ type: 'leader', leader: { leaderId: -1, epoch: 1 } }]);
    expect(() => raft.expectLeader(1)).toThrow('does not lead');
    expect(raft.flushed(3, 1)).toEqual([]);
    expect(raft.campaign()[0]).toMatchObject({ type: 'persist', election: { epoch: 2 } });
  });

  test('does not campaign while it leads', () => {
    const raft = core();
    raft.campaign();
    expect(raft.campaign()).toEqual([]);
  });

  test('with a log that goes back is broken', () => {
    const raft = core({ logEnd: { offset: 5, epoch: 1 } });
    expect(() => raft.appended({ offset: 4, epoch: 1 })).toThrow('went back');
  });
});

describe('a voter', () => {
  test('among others does not elect itself', () => {
    expect(core({ voters: new VoterSet([voter(1), voter(2), voter(3)]) }).campaign()).toEqual([]);
  });

  test('with another directory is another voter', () => {
    expect(core({ voters: new VoterSet([voter(1, 'other')]) }).campaign()).toEqual([]);
    expect(core({ voters: new VoterSet([{ ...voter(1), directoryId: undefined }]) }).campaign()).not.toEqual([]);
  });
});

describe('a voter set', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i needs %i votes', (size, majority) => {
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    expect(new VoterSet(ids.map((id) => voter(id))).majority()).toBe(majority);
  });

  test('holds no id twice, and is sorted', () => {
    expect(() => new VoterSet([voter(1), voter(1)])).toThrow('twice');
    expect(new VoterSet([voter(3), voter(1)]).ids()).toEqual([1, 3]);
  });

  test('knows an entry that has changed', () => {
    const endpoint = { name: 'CONTROLLER', host: 'h', port: 1 };
    const before = { ...voter(1), endpoints: [endpoint] };
    expect(sameVoter(before, { ...voter(1), endpoints: [{ ...endpoint }] })).toBe(true);
    expect(sameVoter(before, { ...before, endpoints: [{ ...endpoint, port: 2 }] })).toBe(false);
    expect(sameVoter(before, { ...before, maxKRaftVersion: 2 })).toBe(false);
  });
});

test('the high watermark is the largest offset past the epoch start that a majority has', () => {
  const update = fc.record({ id: fc.integer({ min: 1, max: 5 }), grow: fc.nat(9) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.nat(20),
      fc.array(update, { maxLength: 40 }),
      (size, start, updates) => {
        const ids = Array.from({ length: size }, (_, index) => index + 1);
        const leader = new LeaderState(self, 1, start, new VoterSet(ids.map((id) => voter(id))));
        const ends = new Map(ids.map((id) => [id, -1]));
        let expected = -1;
        for (const { id, grow } of updates) {
          const before = ends.get(id);
          const end = Math.max(before ?? 0, 0) + grow;
          if (before !== undefined) ends.set(id, end);
          const moved = leader.update(id, end, 0);
          let reached = -1;
          for (const candidate of ends.values()) {
            const count = [...ends.values()].filter((other) => other >= candidate).length;
            if (count * 2 > size && candidate > start) reached = Math.max(reached, candidate);
          }
          expect(moved).toBe(reached > expected);
          expected = Math.max(expected, reached);
          expect(leader.highWatermark).toBe(expected);
        }
      },
    ),
  );
});
