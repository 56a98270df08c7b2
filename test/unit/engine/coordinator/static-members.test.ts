import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { CoordinatorFixture } from './coordinator-fixture.ts';
import { joinRequest, syncRequest } from './group-requests.ts';
import { join, stateOf } from './group-steps.ts';

describe('a static member', () => {
  const instance = { groupInstanceId: 'i1' };

  async function stable(f: CoordinatorFixture): Promise<string> {
    const { memberId } = await f.call('JoinGroup', 9, joinRequest('g', '', instance));
    await f.call('SyncGroup', 5, syncRequest('g', memberId, 1, [[memberId, 'A']], instance));
    return memberId;
  }

  it('keeps its place while it is away, until its session ends', async () => {
    const f = await new CoordinatorFixture().start();
    const a = await stable(f);
    const joinB = join(f, 'g', '', { rebalanceTimeoutMs: 5_000 });
    await f.clock.advance(20_000);
    expect((await joinB).errorCode).toBe(ErrorCode.NONE);
    const beat = await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 1, ...instance });
    expect(beat.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('that leads hands leadership on while it is away', async () => {
    const f = await new CoordinatorFixture().start();
    const a = await stable(f);
    const joinB = join(f, 'g', '', { rebalanceTimeoutMs: 8_000 });
    await f.clock.advance(2_000);
    await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 1, ...instance });
    const more = { rebalanceTimeoutMs: 8_000, ...instance };
    const rejoined = f.send('JoinGroup', 9, joinRequest('g', a, more));
    await f.clock.advance();
    const b = (await joinB).memberId;
    expect((await rejoined).leader).toBe(a);
    const rejoinB = join(f, 'g', b, { protocols: [{ name: 'range', metadata: Buffer.from('new') }] });
    await f.clock.advance(9_999);
    await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 2, ...instance });
    await f.clock.advance(9_999);
    await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 2, ...instance });
    await f.clock.advance(2);
    const { leader, members } = await rejoinB;
    expect(leader).toBe(b);
    expect(members.map(({ memberId }) => memberId).sort()).toEqual([a, b].sort());
  });

  it('that comes back is written at once: a restart knows the new id', async () => {
    const f = await new CoordinatorFixture().start();
    const a = await stable(f);
    const { memberId: a2, skipAssignment } = await f.call('JoinGroup', 9, joinRequest('g', '', instance));
    expect(skipAssignment).toBe(true);
    const g = await f.restart();
    const beat = (memberId: string) =>
      g.call('Heartbeat', 4, { groupId: 'g', memberId, generationId: 1, ...instance }).then((r) => r.errorCode);
    expect([await beat(a), await beat(a2)]).toEqual([ErrorCode.FENCED_INSTANCE_ID, ErrorCode.NONE]);
    const { assignment } = await g.call('SyncGroup', 5, syncRequest('g', a2, 1, [], instance));
    expect(assignment.toString()).toBe('A');
  });

  it('keeps its old id when the new one could not be written', async () => {
    const f = await new CoordinatorFixture().start();
    const a = await stable(f);
    f.log.nextError = new ApiError(ErrorCode.NOT_ENOUGH_REPLICAS);
    const failed = await f.call('JoinGroup', 9, joinRequest('g', '', instance));
    expect(failed).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, memberId: '' });
    const beat = await f.call('Heartbeat', 4, { groupId: 'g', memberId: a, generationId: 1, ...instance });
    expect(beat.errorCode).toBe(ErrorCode.NONE);
    expect(await stateOf(f, 'g')).toBe('Stable 1');
  });

  it('fences a request of its former self that still waits', async () => {
    const f = await new CoordinatorFixture().start();
    await stable(f);
    const first = f.send('JoinGroup', 9, joinRequest('g', '', { groupInstanceId: 'i2' }));
    await f.clock.advance();
    const former = f.send('JoinGroup', 9, joinRequest('g', '', { groupInstanceId: 'i2' }));
    const now = f.send('JoinGroup', 9, joinRequest('g', '', { groupInstanceId: 'i2' }));
    await f.clock.advance();
    expect((await first).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect((await former).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    const rejoined = await f.call('JoinGroup', 9, joinRequest('g', '', instance));
    expect(rejoined.errorCode).toBe(ErrorCode.NONE);
    expect((await now).errorCode).toBe(ErrorCode.NONE);
  });
});
