import { ErrorCode } from '../../protocol/errors.ts';
import type { DeleteGroupsRequest } from '../../protocol/generated/delete-groups-request.ts';
import type {
  DeletableGroupResultInput,
  DeleteGroupsResponseInput,
} from '../../protocol/generated/delete-groups-response.ts';
import type { DescribeGroupsRequest } from '../../protocol/generated/describe-groups-request.ts';
import type {
  DescribedGroupInput,
  DescribeGroupsResponseInput,
} from '../../protocol/generated/describe-groups-response.ts';
import type { HeartbeatRequest } from '../../protocol/generated/heartbeat-request.ts';
import type { HeartbeatResponseInput } from '../../protocol/generated/heartbeat-response.ts';
import type { JoinGroupRequest } from '../../protocol/generated/join-group-request.ts';
import type { JoinGroupResponseInput } from '../../protocol/generated/join-group-response.ts';
import type { LeaveGroupRequest } from '../../protocol/generated/leave-group-request.ts';
import type { LeaveGroupResponseInput } from '../../protocol/generated/leave-group-response.ts';
import type { ListGroupsRequest } from '../../protocol/generated/list-groups-request.ts';
import type { ListedGroupInput, ListGroupsResponseInput } from '../../protocol/generated/list-groups-response.ts';
import type { OffsetCommitRequest } from '../../protocol/generated/offset-commit-request.ts';
import type { OffsetCommitResponseInput } from '../../protocol/generated/offset-commit-response.ts';
import type { OffsetDeleteRequest } from '../../protocol/generated/offset-delete-request.ts';
import type { OffsetDeleteResponseInput } from '../../protocol/generated/offset-delete-response.ts';
import type { OffsetFetchRequest } from '../../protocol/generated/offset-fetch-request.ts';
import type { OffsetFetchResponseInput } from '../../protocol/generated/offset-fetch-response.ts';
import type { SyncGroupRequest } from '../../protocol/generated/sync-group-request.ts';
import type { SyncGroupResponseInput } from '../../protocol/generated/sync-group-response.ts';
import { ApiError } from '../common/api-error.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { Random } from '../common/random.ts';
import { joinError, UNKNOWN_MEMBER_ID } from './classic-group.ts';
import { EMPTY_ASSIGNMENT } from './classic-group-member.ts';
import { responseErrorCode } from './coordinator-errors.ts';
import type { CoordinatorLog } from './coordinator-log.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import { GroupCoordinatorRecordSerde } from './coordinator-record-serde.ts';
import { CoordinatorRuntime } from './coordinator-runtime.ts';
import type { GroupCoordinator } from './group-coordinator.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import { GroupCoordinatorShard } from './group-coordinator-shard.ts';
import { OffsetRequests } from './offset-requests.ts';
import { partitionForGroup } from './partition-for-group.ts';
import type { RequestContext } from './request-context.ts';
import type { DeletedTopic, TopicDirectory } from './topic-directory.ts';

/** First version of JoinGroup in which the protocol name may be null. */
const NULLABLE_PROTOCOL_NAME_VERSION = 7;
/** First version of SyncGroup that must name protocol type and protocol. */
const MANDATORY_PROTOCOL_VERSION = 5;
/** First version of LeaveGroup with several members. */
const LEAVE_MANY_VERSION = 3;

export interface GroupCoordinatorOptions {
  readonly config: GroupCoordinatorConfig;
  readonly log: CoordinatorLog;
  readonly topics: TopicDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The group coordinator of one broker: checks requests, finds the partition, and turns failures into responses. */
export class GroupCoordinatorService implements GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #runtime: CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord>;
  readonly #offsets: OffsetRequests;
  #numPartitions = 0;

  constructor(options: GroupCoordinatorOptions) {
    const { config, log, clock, random, logger } = options;
    this.#options = options;
    this.#runtime = new CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord>({
      log,
      serde: new GroupCoordinatorRecordSerde(logger),
      clock,
      logger,
      writeTimeoutMs: config.offsetsCommitTimeoutMs,
      compression: config.offsetsTopicCompression,
      createShard: (partition, timer) => new GroupCoordinatorShard({ partition, config, clock, random, logger, timer }),
    });
    this.#offsets = new OffsetRequests(this.#runtime, options.topics, (groupId) => this.#partition(groupId));
  }

  // Life

  startup(numPartitions: number): void {
    this.#numPartitions = numPartitions;
  }

  shutdown(): void {
    this.#numPartitions = 0;
    this.#runtime.close();
  }

  partitionFor(groupId: string): number {
    return partitionForGroup(groupId, this.#numPartitions);
  }

  onElection(partition: number, leaderEpoch: number): Promise<void> {
    return this.#runtime.onElection(partition, leaderEpoch);
  }

  onResignation(partition: number, leaderEpoch?: number): void {
    this.#runtime.onResignation(partition, leaderEpoch);
  }

  async onTopicsDeleted(topics: readonly DeletedTopic[]): Promise<void> {
    const writes = this.#runtime.partitions().map(async (partition) => {
      try {
        await this.#runtime.write(partition, (shard) => shard.onTopicsDeleted(topics));
      } catch (error) {
        const names = topics.map(({ name }) => name).join(', ');
        this.#options.logger.warn(
          `Offsets of the deleted topics ${names} may be left in coordinator partition ${partition}: ${String(error)}`,
        );
      }
    });
    await Promise.all(writes);
  }

  /** @throws ApiError COORDINATOR_NOT_AVAILABLE before {@link startup} */
  #partition(groupId: string): number {
    if (this.#numPartitions === 0) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    return this.partitionFor(groupId);
  }

  /** The partition of a group that has members: it must have a name. */
  #memberPartition(groupId: string): number {
    const partition = this.#partition(groupId);
    if (groupId === '') throw new ApiError(ErrorCode.INVALID_GROUP_ID);
    return partition;
  }

  /** Logs what nobody expected; a client learns no more than the code. */
  #errorCode(error: unknown, what: string): number {
    const code = responseErrorCode(error);
    if (code === ErrorCode.UNKNOWN_SERVER_ERROR) this.#options.logger.error(`${what} failed.`, error);
    return code;
  }

  // Members

  async joinGroup(context: RequestContext, request: JoinGroupRequest): Promise<JoinGroupResponseInput> {
    const response = await this.#join(context, request);
    const isNullable = context.apiVersion >= NULLABLE_PROTOCOL_NAME_VERSION;
    return isNullable || response.protocolName !== null ? response : { ...response, protocolName: '' };
  }

  #join(context: RequestContext, request: JoinGroupRequest): Promise<JoinGroupResponseInput> {
    let partition: number;
    try {
      partition = this.#memberPartition(request.groupId);
      this.#checkSessionTimeout(request.sessionTimeoutMs);
    } catch (error) {
      return Promise.resolve(joinError(request.memberId, this.#errorCode(error, 'JoinGroup')));
    }
    return new Promise((answer) => {
      this.#runtime
        .write(partition, (shard) => shard.join.join(context, request, answer))
        .catch((error: unknown) => answer(joinError(UNKNOWN_MEMBER_ID, this.#errorCode(error, 'JoinGroup'))));
    });
  }

  #checkSessionTimeout(timeoutMs: number): void {
    const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = this.#options.config;
    if (timeoutMs < groupMinSessionTimeoutMs || timeoutMs > groupMaxSessionTimeoutMs) {
      throw new ApiError(ErrorCode.INVALID_SESSION_TIMEOUT);
    }
  }

  syncGroup(context: RequestContext, request: SyncGroupRequest): Promise<SyncGroupResponseInput> {
    return new Promise<SyncGroupResponseInput>((answer) => {
      this.#sync(context, request, answer).catch((error: unknown) => {
        answer({ errorCode: this.#errorCode(error, 'SyncGroup'), assignment: EMPTY_ASSIGNMENT });
      });
    });
  }

  async #sync(
    context: RequestContext,
    request: SyncGroupRequest,
    answer: (response: SyncGroupResponseInput) => void,
  ): Promise<void> {
    const isNamed = request.protocolType !== null && request.protocolName !== null;
    if (context.apiVersion >= MANDATORY_PROTOCOL_VERSION && !isNamed) {
      throw new ApiError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    const partition = this.#memberPartition(request.groupId);
    await this.#runtime.write(partition, (shard) => shard.requests.sync(request, answer));
  }

  async heartbeat(_context: RequestContext, request: HeartbeatRequest): Promise<HeartbeatResponseInput> {
    try {
      const partition = this.#memberPartition(request.groupId);
      return await this.#runtime.write(partition, (shard) => shard.requests.heartbeat(request));
    } catch (error) {
      const errorCode = this.#errorCode(error, 'Heartbeat');
      // While the group is loaded nothing happens to the session: the client just goes on.
      return { errorCode: errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode };
    }
  }

  async leaveGroup(context: RequestContext, request: LeaveGroupRequest): Promise<LeaveGroupResponseInput> {
    const isMany = context.apiVersion >= LEAVE_MANY_VERSION;
    const members = isMany
      ? request.members
      : [{ memberId: request.memberId, groupInstanceId: null, reason: null, unknownTaggedFields: undefined }];
    try {
      const partition = this.#memberPartition(request.groupId);
      const left = await this.#runtime.write(partition, (shard) => shard.requests.leave(request, members));
      return isMany
        ? { errorCode: ErrorCode.NONE, members: left }
        : { errorCode: left[0]?.errorCode ?? ErrorCode.NONE };
    } catch (error) {
      const errorCode = this.#errorCode(error, 'LeaveGroup');
      if (!isMany || errorCode !== ErrorCode.UNKNOWN_MEMBER_ID) return { errorCode };
      // No such group: none of them is a member.
      return {
        errorCode: ErrorCode.NONE,
        members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode })),
      };
    }
  }

  // Offsets

  offsetCommit(context: RequestContext, request: OffsetCommitRequest): Promise<OffsetCommitResponseInput> {
    return this.#offsets.commit(context, request);
  }

  offsetFetch(context: RequestContext, request: OffsetFetchRequest): Promise<OffsetFetchResponseInput> {
    return this.#offsets.fetch(context, request);
  }

  offsetDelete(_context: RequestContext, request: OffsetDeleteRequest): Promise<OffsetDeleteResponseInput> {
    return this.#offsets.delete(request);
  }

  // Groups

  listGroups(_context: RequestContext, request: ListGroupsRequest): Promise<ListGroupsResponseInput> {
    const states = new Set(request.statesFilter.map((state) => state.toLowerCase()));
    const types = new Set(request.typesFilter.map((type) => type.toLowerCase()));
    const groups: ListedGroupInput[] = [];
    try {
      if (this.#numPartitions === 0) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
      for (const partition of this.#runtime.partitions()) {
        try {
          groups.push(...this.#runtime.read(partition, (shard) => shard.listGroups(states, types)));
        } catch (error) {
          // Another broker answers for it.
          if (responseErrorCode(error) !== ErrorCode.NOT_COORDINATOR) throw error;
        }
      }
      return Promise.resolve({ errorCode: ErrorCode.NONE, groups });
    } catch (error) {
      return Promise.resolve({ errorCode: this.#errorCode(error, 'ListGroups'), groups: [] });
    }
  }

  describeGroups(context: RequestContext, request: DescribeGroupsRequest): Promise<DescribeGroupsResponseInput> {
    const groups = request.groups.map((groupId): DescribedGroupInput => {
      try {
        const partition = this.#partition(groupId);
        return this.#runtime.read(partition, (shard) => shard.describeGroup(groupId, context.apiVersion));
      } catch (error) {
        const errorCode = this.#errorCode(error, 'DescribeGroups');
        return { errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] };
      }
    });
    return Promise.resolve({ groups });
  }

  async deleteGroups(_context: RequestContext, request: DeleteGroupsRequest): Promise<DeleteGroupsResponseInput> {
    const byPartition = new Map<number, string[]>();
    const results: DeletableGroupResultInput[] = [];
    const fail = (groupIds: readonly string[], error: unknown): void => {
      const errorCode = this.#errorCode(error, 'DeleteGroups');
      for (const groupId of groupIds) results.push({ groupId, errorCode });
    };
    for (const groupId of new Set(request.groupsNames)) {
      try {
        const partition = this.#partition(groupId);
        const groupIds = byPartition.get(partition);
        if (groupIds === undefined) byPartition.set(partition, [groupId]);
        else groupIds.push(groupId);
      } catch (error) {
        fail([groupId], error);
      }
    }
    const writes = [...byPartition].map(async ([partition, groupIds]) => {
      try {
        results.push(...(await this.#runtime.write(partition, (shard) => shard.deleteGroups(groupIds))));
      } catch (error) {
        fail(groupIds, error);
      }
    });
    await Promise.all(writes);
    return { throttleTimeMs: 0, results };
  }
}
