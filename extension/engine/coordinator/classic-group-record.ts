import type { GroupMetadataValueInput } from '../../protocol/generated/group-metadata-value.ts';
import { ClassicGroup } from './classic-group.ts';
import { ClassicGroupMember, EMPTY_ASSIGNMENT } from './classic-group-member.ts';
import { ClassicGroupState } from './classic-group-state.ts';
import type { GroupMetadataRecord } from './coordinator-record.ts';

/** The group as a record tells it: members wait for nothing, and know the selected protocol alone. */
export function classicGroupFromRecord(groupId: string, value: GroupMetadataValueInput): ClassicGroup {
  const timestampMs = value.currentStateTimestamp ?? -1;
  const state = value.members.length === 0 ? ClassicGroupState.empty : ClassicGroupState.stable;
  const group = new ClassicGroup(groupId, state, timestampMs === -1 ? undefined : timestampMs);
  for (const member of value.members) {
    const rebalanceTimeoutMs = member.rebalanceTimeout ?? -1;
    group.add(
      new ClassicGroupMember({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId ?? null,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.sessionTimeout : rebalanceTimeoutMs,
        sessionTimeoutMs: member.sessionTimeout,
        protocolType: value.protocolType,
        protocols: [{ name: value.protocol ?? '', metadata: Buffer.from(member.subscription) }],
        assignment: Buffer.from(member.assignment),
      }),
    );
  }
  group.restore({
    generationId: value.generation,
    protocolType: value.protocolType === '' ? undefined : value.protocolType,
    protocolName: value.protocol ?? undefined,
    leaderId: value.leader ?? undefined,
  });
  return group;
}

/** A record of the group as it is, with `assignments` (member id → bytes) in place of what its members have now. */
export function classicGroupToRecord(
  group: ClassicGroup,
  assignments?: ReadonlyMap<string, Buffer>,
): GroupMetadataRecord {
  const value: GroupMetadataValueInput = {
    protocolType: group.protocolTypeName,
    generation: group.generationId,
    protocol: group.protocolName ?? null,
    leader: group.leaderId ?? null,
    currentStateTimestamp: group.stateTimestampMs ?? -1,
    members: group.members().map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadata(group.protocolName ?? '') ?? EMPTY_ASSIGNMENT,
      assignment:
        (assignments === undefined ? member.assignment : assignments.get(member.memberId)) ?? EMPTY_ASSIGNMENT,
    })),
  };
  return { kind: 'groupMetadata', groupId: group.groupId, value };
}

/** The record that makes a group known before it has a generation. */
export function emptyClassicGroupRecord(group: ClassicGroup): GroupMetadataRecord {
  const value: GroupMetadataValueInput = {
    protocolType: '',
    generation: 0,
    protocol: null,
    leader: null,
    currentStateTimestamp: group.stateTimestampMs ?? -1,
    members: [],
  };
  return { kind: 'groupMetadata', groupId: group.groupId, value };
}
