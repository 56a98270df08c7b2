import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INITIAL_ELECTION } from '../../../../extension/engine/raft/election-state.ts';
import { LeaderState } from '../../../../extension/engine/raft/leader-state.ts';
import { RaftCore } from '../../../../extension/engine/raft/raft-core.ts';
import type { QuorumStateOptions } from '../../../../extension/engine/raft/quorum-state.ts';
import type { RaftEffect } from '../../../../extension/engine/raft/raft-effect.ts';
import type { RaftLogView } from '../../../../extension/engine/raft/raft-log-view.ts';
import { placeOf } from '../../../../extension/engine/raft/raft-log-view.ts';
import type { RaftMessage, RemoteAnswer } from '../../../../extension/engine/raft/raft-messages.ts';
import type { OffsetAndEpoch } from '../../../../extension/engine/raft/raft-ports.ts';
import { sameVoter, VoterSet } from '../../../../extension/engine/raft/voter-set.ts';
import type { ReplicaKey, VoterNode } from '../../../../extension/engine/raft/voter-set.ts';

function voter(id: number, directoryId: string | undefined = `dir-${id}`): VoterNode {
  return { id, directoryId, endpoints: [], minKRaftVersion: 0, maxKRaftVersion: 1 };
}

function key(id: number): ReplicaKey {
  return { id, directoryId: `dir-${id}` };
}

const self = key(1);
const three = new VoterSet([voter(1), voter(2), voter(3)]);
const alone = new VoterSet([voter(1)]);

/** A log of nothing but ends of epochs. */
class FakeLog implements RaftLogView {
  offset: number;
  epoch: number;
  start = 0;
  ends = new Map<number, number>();
  snapshots: OffsetAndEpoch[] = [];

  constructor(offset = 0, epoch = 0) {
    this.offset = offset;
    this.epoch = epoch;
  }

  end(): OffsetAndEpoch {
    return { offset: this.offset, epoch: this.epoch };
  }

  startOffset(): number {
    return this.start;
  }

  endOfEpoch(epoch: number): OffsetAndEpoch {
    const known = [...this.ends].filter(([each]) => each <= epoch).at(-1);
    if (epoch === this.epoch) return this.end();
    return known === undefined ? { offset: this.start, epoch } : { offset: known[1], epoch: known[0] };
  }

  earliestSnapshot(): OffsetAndEpoch | undefined {
    return this.snapshots[0];
  }

  latestSnapshot(): OffsetAndEpoch | undefined {
    return this.snapshots.at(-1);
  }
}

function core(options: Partial<QuorumStateOptions> = {}): RaftCore {
  return new RaftCore({
    self,
    canVote: true,
    voters: three,
    votersOffset: -1,
    election: INITIAL_ELECTION,
    log: new FakeLog(),
    timing: { electionTimeoutMs: 1000, fetchTimeoutMs: 2000, electionBackoffMaxMs: 1000, requestTimeoutMs: 2000 },
    random: { int: () => 0 },
    ...options,
  });
}

function answer(epoch: number, granted: boolean, leaderId = -1, error: RemoteAnswer['error'] = 'NONE'): RemoteAnswer {
  return { error, leader: { leaderId, epoch }, granted };
}

function sent(effects: readonly RaftEffect[]): { to: number; message: RaftMessage }[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [{ to: effect.to.id, message: effect.message }] : []));
}

function kinds(effects: readonly RaftEffect[]): string[] {
  return effects.map(({ type }) => type).filter((type) => type !== 'status');
}

/** A node that was elected in epoch 1 by itself and node 2, and has not committed anything. */
function elected(log = new FakeLog()): RaftCore {
  const raft = core({ log });
  raft.start(0);
  raft.tick(0);
  const logEnd = log.end();
  raft.answered(key(2), { kind: 'vote', epoch: 0, preVote: true, logEnd }, answer(0, true), 1);
  raft.answered(key(2), { kind: 'vote', epoch: 1, preVote: false, logEnd }, answer(1, true), 2);
  expect(raft.role).toBe('leader');
  raft.takeEffects();
  return raft;
}

/** The same, after the first batch of its epoch, one record long, was committed. */
function leading(log = new FakeLog()): RaftCore {
  const raft = elected(log);
  log.offset += 1;
  log.epoch = 1;
  raft.flushed(log.offset, 3);
  raft.replicaFetched(key(2), log.offset, 3);
  raft.takeEffects();
  return raft;
}

/** A node that follows node 2 in epoch 3, from time 0 on. */
function following(log = new FakeLog(10, 3)): RaftCore {
  const raft = core({ log, election: { epoch: 3, leaderId: -1, voted: undefined } });
  raft.start(0);
  expect(raft.beginQuorumEpoch({ leaderId: 2, epoch: 3 }, self, 0)).toBe('NONE');
  raft.takeEffects();
  return raft;
}

describe('a sole voter', () => {
  test('campaigns, wins, opens its epoch and leads when that is durable', () => {
    const log = new FakeLog();
    const raft = core({ voters: alone, log });
    expect(raft.role).toBe('unattached');
    raft.start(0);
    expect(raft.takeEffects().filter(({ type }) => type !== 'status')).toEqual([
      { type: 'persist', election: { epoch: 1, leaderId: 1, voted: undefined }, urgent: true },
      { type: 'openEpoch', epoch: 1, granting: [1] },
    ]);
    expect(raft.role).toBe('leader');
    expect(raft.nextDeadlineMs).toBeGreaterThan(0);
    expect(() => raft.expectLeader(1)).toThrow('does not lead');
    log.offset = 3;
    raft.flushed(3, 7);
    expect(raft.takeEffects()).toEqual([
      { type: 'commit', highWatermark: 3 },
      { type: 'leader', leader: { leaderId: 1, epoch: 1 } },
    ]);
    raft.expectLeader(1);
    log.offset = 5;
    raft.flushed(5, 8);
    expect(raft.takeEffects()).toEqual([{ type: 'commit', highWatermark: 5 }]);
    raft.flushed(5, 9);
    expect(raft.takeEffects()).toEqual([]);
    expect(raft.leaderState?.voters()).toMatchObject([{ endOffset: 5, lastFetchMs: 9 }]);
  });

  test('does not commit what earlier epochs left before it has committed something of its own', () => {
    const log = new FakeLog(100, 4);
    const raft = core({ voters: alone, log, election: { epoch: 4, leaderId: 1, voted: undefined } });
    raft.start(0);
    expect(raft.epoch).toBe(5);
    raft.takeEffects();
    raft.flushed(100, 1);
    expect(raft.takeEffects()).toEqual([]);
    expect(raft.highWatermark).toBe(-1);
    log.offset = 101;
    raft.flushed(101, 1);
    expect(raft.takeEffects()).toMatchObject([{ type: 'commit', highWatermark: 101 }, { type: 'leader' }]);
  });

  test('takes the epoch of its log where that is ahead', () => {
    const raft = core({ voters: alone, log: new FakeLog(10, 9) });
    raft.start(0);
    expect(raft.epoch).toBe(10);
  });

  test('resigns, and leads again only in another epoch', () => {
    const log = new FakeLog();
    const raft = core({ voters: alone, log });
    raft.start(0);
    log.offset = 3;
    raft.flushed(3, 1);
    raft.takeEffects();
    raft.resign(7, 1);
    expect(raft.takeEffects()).toEqual([]);
    raft.resign(1, 1);
    expect(kinds(raft.takeEffects())).toEqual(['leader']);
    expect(raft.leaderAndEpoch).toEqual({ leaderId: -1, epoch: 1 });
    expect(() => raft.expectLeader(1)).toThrow('does not lead');
    raft.flushed(3, 1);
    expect(kinds(raft.takeEffects())).toEqual([]);
    for (let atMs = 1; raft.role !== 'leader'; atMs = raft.nextDeadlineMs) raft.tick(atMs);
    expect(raft.epoch).toBeGreaterThan(1);
  });

  test('with a log that goes back is broken', () => {
    const log = new FakeLog();
    const raft = core({ voters: alone, log });
    raft.start(0);
    log.offset = 5;
    raft.flushed(5, 1);
    expect(() => raft.flushed(4, 1)).toThrow('went back');
  });
});

describe('an election', () => {
  test('begins with a question that costs nothing, and takes an epoch only when a majority would agree', () => {
    const raft = core();
    raft.start(0);
    raft.tick(0);
    expect(raft.role).toBe('prospective');
    const question = { kind: 'vote', epoch: 0, preVote: true, logEnd: { offset: 0, epoch: 0 } } as const;
    expect(raft.takeEffects()).toEqual([
      { type: 'send', to: key(2), message: question },
      { type: 'send', to: key(3), message: question },
    ]);
    raft.answered(key(3), question, answer(0, true), 1);
    expect(raft.role).toBe('candidate');
    const [persist, ...votes] = raft.takeEffects();
    expect(persist).toEqual({ type: 'persist', election: { epoch: 1, leaderId: -1, voted: self }, urgent: true });
    expect(sent(votes).map(({ to, message }) => [to, message.epoch])).toEqual([
      [2, 1],
      [3, 1],
    ]);
    raft.answered(key(3), { ...question, preVote: false, epoch: 1 }, answer(1, true), 2);
    expect(raft.role).toBe('leader');
    const effects = raft.takeEffects();
    expect(kinds(effects)).toEqual(['persist', 'openEpoch', 'send', 'send']);
    // That it voted for itself is on disk; who leads may come later.
    expect(effects[0]).toMatchObject({ type: 'persist', urgent: false });
    expect(effects[1]).toEqual({ type: 'openEpoch', epoch: 1, granting: [1, 3] });
    expect(raft.leaderAndEpoch.leaderId).toBe(-1);
  });

  test('is not won by answers of another epoch, or of somebody twice', () => {
    const raft = core({ voters: new VoterSet([1, 2, 3, 4, 5].map((id) => voter(id))) });
    raft.start(0);
    raft.tick(0);
    const question = { kind: 'vote', epoch: 0, preVote: true, logEnd: { offset: 0, epoch: 0 } } as const;
    raft.answered(key(2), question, answer(0, true), 1);
    raft.answered(key(2), question, answer(0, true), 1);
    raft.answered(key(3), { ...question, preVote: false }, answer(0, true), 1);
    expect(raft.role).toBe('prospective');
    raft.answered(key(4), question, answer(0, true), 1);
    expect(raft.role).toBe('candidate');
  });

  test('that nobody answers is repeated after a random while, in the same epoch', () => {
    const raft = core();
    raft.start(0);
    raft.tick(0);
    raft.takeEffects();
    const endsMs = 1000;
    raft.tick(endsMs);
    expect(raft.role).toBe('unattached');
    expect(raft.takeEffects()).toMatchObject([{ type: 'status', hasMajority: false }]);
    raft.tick(raft.nextDeadlineMs);
    expect(raft.role).toBe('prospective');
    expect(raft.epoch).toBe(0);
    expect(kinds(raft.takeEffects())).toEqual(['send', 'send']);
  });

  test('that is refused by a majority ends at once', () => {
    const raft = core();
    raft.start(0);
    raft.tick(0);
    const question = { kind: 'vote', epoch: 0, preVote: true, logEnd: { offset: 0, epoch: 0 } } as const;
    raft.answered(key(2), question, answer(0, false), 1);
    expect(raft.role).toBe('prospective');
    raft.answered(key(3), question, answer(0, false), 1);
    expect(raft.role).toBe('unattached');
  });

  test('asks again who did not answer', () => {
    const raft = core();
    raft.start(0);
    raft.tick(0);
    const [first] = sent(raft.takeEffects());
    raft.unanswered(key(2), first!.message, 5);
    expect(raft.takeEffects()).toEqual([]);
    raft.tick(raft.nextDeadlineMs);
    expect(sent(raft.takeEffects()).map(({ to }) => to)).toEqual([2]);
  });

  test('ends when a leader is heard of', () => {
    const raft = core();
    raft.start(0);
    raft.tick(0);
    const question = { kind: 'vote', epoch: 0, preVote: true, logEnd: { offset: 0, epoch: 0 } } as const;
    raft.answered(key(2), question, answer(4, false, 3, 'FENCED_LEADER_EPOCH'), 1);
    expect(raft.role).toBe('follower');
    expect(raft.leaderAndEpoch).toEqual({ leaderId: 3, epoch: 4 });
    expect(raft.fetchTarget()).toEqual({ kind: 'leader', leaderId: 3, epoch: 4 });
  });

  test('is nothing for who does not vote', () => {
    const raft = core({ voters: new VoterSet([voter(1, 'other'), voter(2), voter(3)]) });
    raft.start(0);
    expect(raft.isVoter).toBe(false);
    expect(raft.nextDeadlineMs).toBe(Infinity);
    expect(raft.fetchTarget()).toEqual({ kind: 'anybody', epoch: 0 });
    expect(core({ voters: new VoterSet([{ ...voter(1), directoryId: undefined }]) }).isVoter).toBe(true);
    expect(core({ canVote: false }).isVoter).toBe(false);
  });
});

describe('a vote', () => {
  const question = { candidate: key(2), asked: self, epoch: 5, logEnd: { offset: 10, epoch: 3 }, preVote: false };

  test('is given once an epoch, and written down before', () => {
    const raft = core({ log: new FakeLog(10, 3) });
    raft.start(0);
    expect(raft.vote(question, 1)).toEqual({ error: 'NONE', granted: true });
    expect(raft.takeEffects().filter(({ type }) => type === 'persist')).toEqual([
      { type: 'persist', election: { epoch: 5, leaderId: -1, voted: key(2) }, urgent: true },
    ]);
    expect(raft.vote({ ...question, candidate: key(3) }, 1).granted).toBe(false);
    expect(raft.vote(question, 1).granted).toBe(true);
    expect(raft.vote({ ...question, candidate: { id: 2, directoryId: 'other' } }, 1).granted).toBe(false);
    expect(raft.vote({ ...question, candidate: key(3), epoch: 6 }, 1).granted).toBe(true);
  });

  test('is remembered after a restart', () => {
    const raft = core({ log: new FakeLog(10, 3), election: { epoch: 5, leaderId: -1, voted: key(2) } });
    raft.start(0);
    expect(raft.vote({ ...question, candidate: key(3) }, 1).granted).toBe(false);
    expect(raft.vote(question, 1).granted).toBe(true);
  });

  test.each([
    ['a shorter log', { offset: 9, epoch: 3 }],
    ['an older epoch', { offset: 100, epoch: 2 }],
  ])('is not given to %s', (_, logEnd) => {
    const raft = core({ log: new FakeLog(10, 3) });
    raft.start(0);
    expect(raft.vote({ ...question, logEnd }, 1)).toEqual({ error: 'NONE', granted: false });
    expect(raft.vote({ ...question, logEnd, preVote: true }, 1)).toEqual({ error: 'NONE', granted: false });
    expect(raft.epoch).toBe(5);
  });

  test('of an old epoch, of nobody, or for another node is refused', () => {
    const raft = core({ log: new FakeLog(10, 3), election: { epoch: 7, leaderId: -1, voted: undefined } });
    raft.start(0);
    expect(raft.vote(question, 1)).toEqual({ error: 'FENCED_LEADER_EPOCH', granted: false });
    const current = { ...question, epoch: 7 };
    expect(raft.vote({ ...current, candidate: key(-1) }, 1).error).toBe('INVALID_REQUEST');
    expect(raft.vote({ ...current, candidate: { id: 1, directoryId: 'copy' } }, 1).error).toBe('INVALID_REQUEST');
    expect(raft.vote({ ...current, logEnd: { offset: 10, epoch: 7 } }, 1).error).toBe('INVALID_REQUEST');
    expect(raft.vote({ ...current, asked: { id: 1, directoryId: 'other' } }, 1)).toEqual({
      error: 'INVALID_VOTER_KEY',
      granted: false,
    });
    expect(raft.vote({ ...current, asked: undefined }, 1).granted).toBe(true);
  });

  test('is not asked for by a pre-vote: nothing is written down', () => {
    const raft = core({ log: new FakeLog(10, 3), election: { epoch: 5, leaderId: -1, voted: undefined } });
    raft.start(0);
    raft.takeEffects();
    expect(raft.vote({ ...question, preVote: true }, 1).granted).toBe(true);
    expect(raft.vote({ ...question, candidate: key(3), preVote: true }, 1).granted).toBe(true);
    expect(raft.takeEffects()).toEqual([]);
  });

  test('would not be given against a leader that answers', () => {
    const raft = following();
    const against = { candidate: key(3), asked: self, epoch: 3, logEnd: { offset: 10, epoch: 3 }, preVote: true };
    expect(raft.vote(against, 1).granted).toBe(true);
    raft.fetchAnswered(2, 3, answer(3, false, 2), 1);
    expect(raft.vote(against, 2).granted).toBe(false);
    raft.leaderGone(2, 3, 3);
    expect(raft.vote(against, 4).granted).toBe(true);
    expect(leading().vote({ ...against, epoch: 1, logEnd: { offset: 9, epoch: 1 } }, 5).granted).toBe(false);
  });

  test('given late does not take a follower from its leader', () => {
    const raft = core({ log: new FakeLog(10, 3) });
    raft.start(0);
    raft.vote(question, 1);
    raft.beginQuorumEpoch({ leaderId: 2, epoch: 5 }, self, 2);
    expect(raft.vote(question, 3).granted).toBe(true);
    expect(raft.role).toBe('follower');
  });
});

describe('a follower', () => {
  test('stands when its leader is silent for the fetch time-out', () => {
    const raft = following();
    raft.tick(1999);
    expect(raft.role).toBe('follower');
    raft.fetchAnswered(2, 3, answer(3, false, 2), 1999);
    raft.tick(2000);
    expect(raft.role).toBe('follower');
    raft.tick(3999);
    expect(raft.role).toBe('prospective');
    expect(raft.epoch).toBe(3);
  });

  test('that stood still gives its leader the time that it missed', () => {
    const raft = following();
    raft.postpone(5000);
    raft.tick(6999);
    expect(raft.role).toBe('follower');
    raft.tick(7000);
    expect(raft.role).toBe('prospective');
  });

  test('goes back to its leader when nobody would vote for it', () => {
    const raft = following();
    raft.tick(2000);
    const question = { kind: 'vote', epoch: 3, preVote: true, logEnd: { offset: 10, epoch: 3 } } as const;
    raft.answered(key(2), question, answer(3, false, 2), 2001);
    raft.answered(key(3), question, answer(3, false, 2), 2001);
    expect(raft.role).toBe('follower');
    expect(raft.fetchTarget()).toEqual({ kind: 'leader', leaderId: 2, epoch: 3 });
  });

  test('stands at once when the process of its leader is gone, and tells nobody that it leads', () => {
    const raft = following();
    raft.leaderGone(2, 2, 10);
    raft.leaderGone(3, 3, 10);
    expect(raft.leaderAndEpoch.leaderId).toBe(2);
    raft.leaderGone(2, 3, 10);
    expect(raft.takeEffects()).toEqual([{ type: 'leader', leader: { leaderId: -1, epoch: 3 } }]);
    expect(raft.nextDeadlineMs).toBeLessThanOrEqual(60);
    raft.tick(raft.nextDeadlineMs);
    expect(raft.role).toBe('prospective');
    expect(raft.leaderAndEpoch.leaderId).toBe(-1);
  });

  test('stands at once when it is first in line after a farewell, later when it is second', () => {
    const first = following();
    expect(first.endQuorumEpoch({ leaderId: 2, epoch: 3 }, [self, key(3)], 10)).toBe('NONE');
    expect(first.nextDeadlineMs).toBe(10);
    const second = following();
    expect(second.endQuorumEpoch({ leaderId: 2, epoch: 3 }, [key(3), self], 10)).toBe('NONE');
    expect(second.nextDeadlineMs).toBeGreaterThan(50);
    expect(following().endQuorumEpoch({ leaderId: 2, epoch: 3 }, [key(3)], 10)).toBe('INCONSISTENT_VOTER_SET');
    expect(following().endQuorumEpoch({ leaderId: 2, epoch: 2 }, [self], 10)).toBe('FENCED_LEADER_EPOCH');
  });

  test('does not believe in a leader again that has said farewell, whatever comes late', () => {
    const raft = following();
    raft.fetchAnswered(2, 3, answer(3, false, 2), 5);
    raft.endQuorumEpoch({ leaderId: 2, epoch: 3 }, [key(3), self], 10);
    raft.fetchAnswered(2, 3, answer(3, false, 2), 11);
    raft.beginQuorumEpoch({ leaderId: 2, epoch: 3 }, self, 12);
    expect(raft.leaderAndEpoch.leaderId).toBe(-1);
    const unreachable = following();
    unreachable.leaderGone(2, 3, 10);
    unreachable.fetchAnswered(2, 3, answer(3, false, 2), 11);
    expect(unreachable.leaderAndEpoch.leaderId).toBe(2);
  });

  test('has one leader in an epoch', () => {
    const raft = following();
    expect(raft.beginQuorumEpoch({ leaderId: 3, epoch: 3 }, self, 1)).toBe('INVALID_REQUEST');
    expect(raft.beginQuorumEpoch({ leaderId: 1, epoch: 4 }, self, 1)).toBe('INVALID_REQUEST');
    expect(raft.beginQuorumEpoch({ leaderId: 3, epoch: 2 }, self, 1)).toBe('FENCED_LEADER_EPOCH');
    expect(raft.leaderAndEpoch).toEqual({ leaderId: 2, epoch: 3 });
    expect(raft.beginQuorumEpoch({ leaderId: 3, epoch: 4 }, { id: 1, directoryId: 'other' }, 1)).toBe(
      'INVALID_VOTER_KEY',
    );
    expect(raft.leaderAndEpoch).toEqual({ leaderId: 3, epoch: 4 });
  });

  test('commits what its leader tells, as far as it has it', () => {
    const raft = following();
    raft.leaderCommitted(7);
    raft.leaderCommitted(5);
    raft.leaderCommitted(70);
    expect(raft.takeEffects()).toEqual([
      { type: 'commit', highWatermark: 7 },
      { type: 'commit', highWatermark: 10 },
    ]);
  });

  test('takes no fetch for good that another node or epoch answered', () => {
    const raft = following();
    expect(raft.fetchAnswered(3, 3, answer(3, false, 2), 1)).toBe(false);
    expect(raft.fetchAnswered(2, 2, answer(3, false, 2), 1)).toBe(false);
    expect(raft.fetchAnswered(2, 3, answer(3, false, 2, 'NOT_LEADER_OR_FOLLOWER'), 1)).toBe(false);
    expect(raft.leaderAndEpoch.leaderId).toBe(-1);
    expect(raft.fetchAnswered(2, 3, answer(5, false, 3, 'FENCED_LEADER_EPOCH'), 1)).toBe(false);
    expect(raft.leaderAndEpoch).toEqual({ leaderId: 3, epoch: 5 });
  });
});

describe('a leader', () => {
  test('commits what a majority has, and leads from its first commit on', () => {
    const log = new FakeLog(10, 0);
    const raft = elected(log);
    log.offset = 11;
    log.epoch = 1;
    raft.flushed(11, 3);
    expect(raft.takeEffects()).toEqual([]);
    raft.replicaFetched(key(3), 10, 4);
    raft.replicaFetched(key(9), 11, 4);
    expect(raft.takeEffects()).toEqual([]);
    raft.replicaFetched(key(2), 11, 4);
    expect(raft.takeEffects()).toEqual([
      { type: 'commit', highWatermark: 11 },
      { type: 'leader', leader: { leaderId: 1, epoch: 1 } },
    ]);
  });

  test('tells the voters who leads, again and again those who do not fetch', () => {
    const raft = leading();
    raft.replicaFetched(key(2), 1, 900);
    raft.takeEffects();
    raft.tick(1002);
    expect(sent(raft.takeEffects())).toEqual([{ to: 3, message: { kind: 'begin', epoch: 1 } }]);
  });

  test('gives up when no majority fetches for one and a half fetch time-outs', () => {
    const raft = leading();
    raft.replicaFetched(key(3), 1, 1000);
    raft.tick(3999);
    expect(raft.role).toBe('leader');
    raft.takeEffects();
    raft.tick(4000);
    expect(raft.role).toBe('resigned');
    const effects = raft.takeEffects();
    expect(effects[0]).toMatchObject({ type: 'status', hasMajority: false });
    expect(sent(effects).map(({ to, message }) => [to, message.kind])).toEqual([
      [2, 'end'],
      [3, 'end'],
    ]);
    expect(raft.leaderAndEpoch.leaderId).toBe(-1);
  });

  test('that resigns names its successors, the one with the most first, and stands again only in a later epoch', () => {
    const raft = leading();
    raft.replicaFetched(key(3), 1, 4);
    raft.replicaFetched(key(2), 0, 4);
    raft.resign(1, 5);
    const [farewell] = sent(raft.takeEffects());
    expect(farewell!.message).toEqual({ kind: 'end', epoch: 1, successors: [key(3), key(2)] });
    expect(raft.hasSaidFarewell).toBe(false);
    raft.answered(key(2), farewell!.message, answer(1, false), 6);
    raft.answered(key(3), farewell!.message, answer(1, false), 6);
    expect(raft.hasSaidFarewell).toBe(true);
    raft.tick(raft.nextDeadlineMs);
    expect(raft.role).toBe('unattached');
    expect(raft.epoch).toBe(2);
  });

  test('ends when a later epoch is heard of', () => {
    const raft = leading();
    raft.vote({ candidate: key(3), asked: self, epoch: 4, logEnd: { offset: 0, epoch: 0 }, preVote: false }, 9);
    expect(raft.role).toBe('unattached');
    expect(raft.epoch).toBe(4);
    expect(raft.takeEffects()).toContainEqual({ type: 'leader', leader: { leaderId: -1, epoch: 4 } });
  });

  test('answers fetches of its own epoch, and says where logs part', () => {
    const log = new FakeLog(0, 0);
    const raft = leading(log);
    expect(raft.checkFetch(0, 0, 0)).toEqual({ kind: 'refused', error: 'FENCED_LEADER_EPOCH' });
    expect(raft.checkFetch(2, 0, 0)).toEqual({ kind: 'refused', error: 'UNKNOWN_LEADER_EPOCH' });
    expect(raft.checkFetch(1, 1, 1)).toEqual({ kind: 'valid' });
    expect(raft.checkFetch(1, 5, 1)).toEqual({ kind: 'diverging', end: { offset: 1, epoch: 1 } });
    expect(following().checkFetch(3, 0, 0)).toEqual({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' });
  });

  test('counts new voters at once, and gives up when it votes no more and that is committed', () => {
    const log = new FakeLog();
    const raft = leading(log);
    log.offset = 2;
    raft.setVoters(new VoterSet([voter(2), voter(3)]), 1, three, 5);
    raft.flushed(2, 5);
    expect(raft.role).toBe('leader');
    raft.replicaFetched(key(2), 2, 6);
    expect(raft.role).toBe('leader');
    raft.replicaFetched(key(3), 2, 6);
    expect(raft.role).toBe('resigned');
    expect(raft.highWatermark).toBe(2);
  });
});

describe('a voter that is removed', () => {
  const others = new VoterSet([voter(2), voter(3)]);

  test('stands without a vote of its own until it knows that this is committed', () => {
    const removed = { voters: others, votersOffset: 9, previousVoters: three };
    const raft = core({ ...removed, log: new FakeLog(10, 3), election: { epoch: 3, leaderId: -1, voted: undefined } });
    raft.start(0);
    expect(raft.isVoter).toBe(false);
    raft.tick(raft.nextDeadlineMs);
    expect(raft.role).toBe('prospective');
    const question = { kind: 'vote', epoch: 3, preVote: true, logEnd: { offset: 10, epoch: 3 } } as const;
    raft.answered(key(2), question, answer(3, true), 1);
    expect(raft.role).toBe('prospective');
    raft.answered(key(3), question, answer(3, true), 1);
    expect(raft.role).toBe('candidate');
  });

  test('does not stand when it knows', () => {
    const raft = following();
    raft.setVoters(others, 9, three, 1);
    raft.leaderCommitted(10);
    raft.leaderGone(2, 3, 2);
    expect(raft.fetchTarget()).toEqual({ kind: 'anybody', epoch: 3 });
    raft.tick(10_000);
    expect(raft.role).toBe('follower');
  });
});

describe('after a restart', () => {
  test('the last leader stands in a later epoch', () => {
    const raft = core({ log: new FakeLog(10, 3), election: { epoch: 3, leaderId: 1, voted: undefined } });
    raft.start(0);
    expect(raft.role).toBe('resigned');
    expect(raft.checkLeader(3)).toBe('NOT_LEADER_OR_FOLLOWER');
    raft.tick(raft.nextDeadlineMs);
    raft.tick(raft.nextDeadlineMs);
    expect(raft.role).toBe('prospective');
    expect(raft.epoch).toBe(4);
  });

  test('a follower follows the leader that it knew', () => {
    const raft = core({ log: new FakeLog(10, 3), election: { epoch: 3, leaderId: 2, voted: undefined } });
    raft.start(0);
    expect(raft.fetchTarget()).toEqual({ kind: 'leader', leaderId: 2, epoch: 3 });
  });
});

describe('what a follower is sent', () => {
  const log = new FakeLog(100, 5);
  log.start = 40;
  log.snapshots = [
    { offset: 40, epoch: 2 },
    { offset: 80, epoch: 4 },
  ];
  log.ends = new Map([
    [2, 50],
    [4, 90],
  ]);

  test.each([
    [0, 0, 'snapshot'],
    [39, 2, 'snapshot'],
    [40, 1, 'snapshot'],
    [45, 1, 'snapshot'],
    [40, 2, 'valid'],
    [100, 5, 'valid'],
    [90, 4, 'valid'],
  ])('at offset %i, epoch %i: %s', (offset, epoch, kind) => {
    expect(placeOf(log, offset, epoch).kind).toBe(kind);
  });

  test('is the latest snapshot, or where its epoch ended', () => {
    expect(placeOf(log, 0, 0)).toEqual({ kind: 'snapshot', id: { offset: 80, epoch: 4 } });
    expect(placeOf(log, 60, 2)).toEqual({ kind: 'diverging', end: { offset: 50, epoch: 2 } });
    expect(placeOf(log, 60, 3)).toEqual({ kind: 'diverging', end: { offset: 50, epoch: 2 } });
    expect(placeOf(log, 101, 5)).toEqual({ kind: 'diverging', end: { offset: 100, epoch: 5 } });
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
        const leader = new LeaderState(self, 1, start, new VoterSet(ids.map((id) => voter(id))), 0, 3000);
        const ends = new Map(ids.map((id) => [id, -1]));
        let expected = -1;
        for (const { id, grow } of updates) {
          const before = ends.get(id);
          const end = Math.max(before ?? 0, 0) + grow;
          if (before !== undefined) ends.set(id, end);
          const moved = id === self.id ? leader.flushed(end, 0) : leader.fetched(key(id), end, end, 0);
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
