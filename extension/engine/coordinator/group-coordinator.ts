import type { DeleteGroupsRequest } from '../../protocol/generated/delete-groups-request.ts';
import type { DeleteGroupsResponseInput } from '../../protocol/generated/delete-groups-response.ts';
import type { DescribeGroupsRequest } from '../../protocol/generated/describe-groups-request.ts';
import type { DescribeGroupsResponseInput } from '../../protocol/generated/describe-groups-response.ts';
import type { HeartbeatRequest } from '../../protocol/generated/heartbeat-request.ts';
import type { HeartbeatResponseInput } from '../../protocol/generated/heartbeat-response.ts';
import type { JoinGroupRequest } from '../../protocol/generated/join-group-request.ts';
import type { JoinGroupResponseInput } from '../../protocol/generated/join-group-response.ts';
import type { LeaveGroupRequest } from '../../protocol/generated/leave-group-request.ts';
import type { LeaveGroupResponseInput } from '../../protocol/generated/leave-group-response.ts';
import type { ListGroupsRequest } from '../../protocol/generated/list-groups-request.ts';
import type { ListGroupsResponseInput } from '../../protocol/generated/list-groups-response.ts';
import type { OffsetCommitRequest } from '../../protocol/generated/offset-commit-request.ts';
import type { OffsetCommitResponseInput } from '../../protocol/generated/offset-commit-response.ts';
import type { OffsetDeleteRequest } from '../../protocol/generated/offset-delete-request.ts';
import type { OffsetDeleteResponseInput } from '../../protocol/generated/offset-delete-response.ts';
import type { OffsetFetchRequest } from '../../protocol/generated/offset-fetch-request.ts';
import type { OffsetFetchResponseInput } from '../../protocol/generated/offset-fetch-response.ts';
import type { SyncGroupRequest } from '../../protocol/generated/sync-group-request.ts';
import type { SyncGroupResponseInput } from '../../protocol/generated/sync-group-response.ts';
import type { RequestContext } from './request-context.ts';
import type { DeletedTopic } from './topic-directory.ts';

/**
 * What a broker's handlers call. Requests never reject for a reason that the protocol can say: the error code is in the
 * response. Versions, topic names against ids, and topics that do not exist are dealt with here; authorization and
 * `authorizedOperations` are the handler's.
 */
export interface GroupCoordinator {
  /** `__consumer_offsets` has that many partitions. Before, every request is answered COORDINATOR_NOT_AVAILABLE. */
  startup(numPartitions: number): void;
  /** Answers what waits with NOT_COORDINATOR and cancels every timer. */
  shutdown(): void;
  /** The partition of `__consumer_offsets` that a group lives in; also for FindCoordinator. NaN before startup. */
  partitionFor(groupId: string): number;
  /** This broker leads the partition now: loads it; COORDINATOR_LOAD_IN_PROGRESS until the promise resolves. */
  onElection(partition: number, leaderEpoch: number): Promise<void>;
  /** It does not any more: NOT_COORDINATOR. With an epoch older than the one elected for, nothing happens. */
  onResignation(partition: number, leaderEpoch?: number): void;
  /** Removes the offsets of topics that were deleted, in every group of the partitions led here. */
  onTopicsDeleted(topics: readonly DeletedTopic[]): Promise<void>;

  /** Waits for the rest of the group: up to the rebalance timeout. */
  joinGroup(context: RequestContext, request: JoinGroupRequest): Promise<JoinGroupResponseInput>;
  /** Waits for the leader's assignment. */
  syncGroup(context: RequestContext, request: SyncGroupRequest): Promise<SyncGroupResponseInput>;
  heartbeat(context: RequestContext, request: HeartbeatRequest): Promise<HeartbeatResponseInput>;
  leaveGroup(context: RequestContext, request: LeaveGroupRequest): Promise<LeaveGroupResponseInput>;
  offsetCommit(context: RequestContext, request: OffsetCommitRequest): Promise<OffsetCommitResponseInput>;
  offsetFetch(context: RequestContext, request: OffsetFetchRequest): Promise<OffsetFetchResponseInput>;
  offsetDelete(context: RequestContext, request: OffsetDeleteRequest): Promise<OffsetDeleteResponseInput>;
  listGroups(context: RequestContext, request: ListGroupsRequest): Promise<ListGroupsResponseInput>;
  describeGroups(context: RequestContext, request: DescribeGroupsRequest): Promise<DescribeGroupsResponseInput>;
  deleteGroups(context: RequestContext, request: DeleteGroupsRequest): Promise<DeleteGroupsResponseInput>;
}
