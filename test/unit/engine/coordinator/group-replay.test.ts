import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { CoordinatorFixture, ORDERS_ID } from './coordinator-fixture.ts';
import { commitRequest, joinRequest, subscription, syncRequest } from './group-requests.ts';

const GROUPS = ['g', 'h'] as const;

/** One thing that a client, an administrator or time does. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('commit' as const), group: fc.nat(1), partition: fc.nat(2), offset: fc.nat(1000) }),
  fc.record({ kind: fc.constant('join' as const), group: fc.nat(1), isStatic: fc.boolean(), topic: fc.nat(1) }),
  fc.record({ kind: fc.constant('rejoin' as const), group: fc.nat(1), member: fc.nat(5) }),
  fc.record({ kind: fc.constant('sync' as const), group: fc.nat(1) }),
  fc.record({ kind: fc.constant('leave' as const), group: fc.nat(1), member: fc.nat(5) }),
  fc.record({ kind: fc.constant('delete' as const), group: fc.nat(1) }),
  fc.record({ kind: fc.constant('deleteOffset' as const), group: fc.nat(1), partition: fc.nat(2) }),
  fc.record({ kind: fc.constant('deleteTopic' as const) }),
  fc.record({ kind: fc.constant('refuse' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 5_000, 12_000, 700_000) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does what the steps say. What clients learn of their ids and generations is all that they know. */
class Clients {
  readonly #f: CoordinatorFixture;
  readonly #members = new Map<string, string[]>(GROUPS.map((group) => [group, []]));
  #instances = 0;

  constructor(f: CoordinatorFixture) {
    this.#f = f;
  }

  async do(s: Step): Promise<void> {
    const f = this.#f;
    if (s.kind === 'wait') return f.clock.advance(s.ms);
    if (s.kind === 'deleteTopic') return f.service.onTopicsDeleted([{ id: ORDERS_ID, name: 'orders' }]);
    if (s.kind === 'refuse') {
      f.log.nextError = new ApiError(ErrorCode.NOT_ENOUGH_REPLICAS);
      return;
    }
    const group = GROUPS[s.group]!;
    const members = this.#members.get(group)!;
    const member = 'member' in s ? (members[s.member % Math.max(members.length, 1)] ?? 'nobody') : '';
    switch (s.kind) {
      case 'commit':
        await f.call('OffsetCommit', 8, commitRequest(group, { [s.partition]: s.offset }));
        return;
      case 'join': {
        const groupInstanceId = s.isStatic ? `i${this.#instances++ % 2}` : null;
        const protocols = [{ name: 'range', metadata: subscription(['orders', 'payments'][s.topic]!) }];
        void this.#join(group, '', { groupInstanceId, protocols });
        break;
      }
      case 'rejoin':
        void this.#join(group, member, {});
        break;
      case 'sync':
        await this.#syncAll(group);
        return;
      case 'leave':
        await f.call('LeaveGroup', 4, { groupId: group, members: [{ memberId: member }] });
        return;
      case 'delete':
        await f.call('DeleteGroups', 2, { groupsNames: [group] });
        return;
      case 'deleteOffset':
        await f.call('OffsetDelete', 0, {
          groupId: group,
          topics: [{ name: 'orders', partitions: [{ partitionIndex: s.partition }] }],
        });
        return;
    }
    await f.clock.advance();
  }

  async #join(group: string, memberId: string, more: object): Promise<void> {
    const joined = await this.#f.send('JoinGroup', 9, joinRequest(group, memberId, more));
    if (joined.errorCode === ErrorCode.NONE || joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.#members.get(group)!.push(joined.memberId);
    }
  }

  /** Every member syncs with whatever generation there is; the leader assigns to each its own name. */
  async #syncAll(group: string): Promise<void> {
    const members = this.#members.get(group)!;
    for (let generation = 1; generation < 12; generation++) {
      for (const memberId of members) {
        const assignments = members.map((id) => [id, `for ${id.slice(-4)} in ${generation}`] as const);
        void this.#f.send('SyncGroup', 5, syncRequest(group, memberId, generation, assignments));
      }
    }
    await this.#f.clock.advance();
  }
}

/** All that is durable: groups that are not in the middle of a rebalance, and all offsets. */
async function durableState(f: CoordinatorFixture): Promise<unknown> {
  const { groups: described } = await f.call('DescribeGroups', 6, { groups: [...GROUPS] });
  const { groups: fetched } = await f.call('OffsetFetch', 8, {
    groups: GROUPS.map((groupId) => ({ groupId, topics: null })),
  });
  const offsets = fetched.map(({ groupId, topics }) => [
    groupId,
    topics
      .flatMap(({ name, partitions }) =>
        partitions.map((p) => `${name}-${p.partitionIndex} ${p.committedOffset} ${p.metadata}`),
      )
      .sort(),
  ]);
  return { offsets, groups: described };
}

describe('replaying the log', () => {
  it('gives the same offsets, and the same groups once they have settled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const f = await new CoordinatorFixture().start();
        const clients = new Clients(f);
        for (const one of steps) await clients.do(one);
        f.log.nextError = undefined;
        const before = (await durableState(f)) as { groups: { groupState: string }[]; offsets: unknown };
        const g = await f.restart();
        const after = (await durableState(g)) as typeof before;
        expect(after.offsets).toEqual(before.offsets);
        before.groups.forEach((group, index) => {
          if (group.groupState === 'Stable') expect(after.groups[index]).toEqual(group);
          if (group.groupState === 'Dead') expect(after.groups[index]).toEqual(group);
        });
        // Whatever was under way: without clients, all groups run empty, and that is what a restart finds.
        await f.clock.advance(600_000);
        const h = await f.restart();
        const settled = (await durableState(f)) as typeof before;
        const reloaded = (await durableState(h)) as typeof before;
        expect(reloaded.offsets).toEqual(settled.offsets);
        // That a group is empty now may be what the log refused; the generation before is good enough to go on from.
        if (!steps.some(({ kind }) => kind === 'refuse')) expect(reloaded.groups).toEqual(settled.groups);
        for (const one of [f, g, h]) one.service.shutdown();
        expect([f, g, h].map(({ clock }) => clock.timerCount)).toEqual([0, 0, 0]);
        const errors = [f, g, h].flatMap(({ logger }) => logger.lines.filter((line) => line.startsWith('error')));
        expect(errors.filter((line) => !line.includes('NOT_ENOUGH_REPLICAS'))).toEqual([]);
      }),
      { numRuns: 120 },
    );
  }, 60_000);
});
