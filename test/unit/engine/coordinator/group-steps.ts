import { expect } from 'vitest';
import type { CoordinatorFixture, ResponseOf } from './coordinator-fixture.ts';
import { joinRequest, syncRequest } from './group-requests.ts';

export type JoinResponse = ResponseOf<'JoinGroup'>;

/** A join of an old client, which gets its id at once; the promise waits for the group. */
export function join(f: CoordinatorFixture, groupId: string, memberId = '', more = {}): Promise<JoinResponse> {
  return f.send('JoinGroup', 3, joinRequest(groupId, memberId, more));
}

export async function stateOf(f: CoordinatorFixture, groupId: string): Promise<string> {
  const { groups } = await f.call('DescribeGroups', 6, { groups: [groupId] });
  return `${groups[0]!.groupState} ${groups[0]!.members.length}`;
}

/** Two members in a stable group, generation 2. */
export async function pair(f: CoordinatorFixture, more = {}): Promise<[string, string]> {
  const first = join(f, 'g', '', more);
  await f.clock.advance();
  const a = (await first).memberId;
  const joinB = join(f, 'g', '', more);
  const joinA = join(f, 'g', a, more);
  await f.clock.advance();
  const b = (await joinB).memberId;
  expect((await joinA).generationId).toBe(2);
  const syncB = f.send('SyncGroup', 5, syncRequest('g', b, 2));
  await f.call(
    'SyncGroup',
    5,
    syncRequest('g', a, 2, [
      [a, 'A'],
      [b, 'B'],
    ]),
  );
  expect((await syncB).assignment.toString()).toBe('B');
  return [a, b];
}
