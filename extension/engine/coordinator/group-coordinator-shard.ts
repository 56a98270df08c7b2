import type { DeletableGroupResultInput } from '../../protocol/generated/delete-groups-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { DescribedGroupInput } from '../../protocol/generated/describe-groups-response.ts';
import type { ListedGroupInput } from '../../protocol/generated/list-groups-response.ts';
import type { OffsetCommitRequest } from '../../protocol/generated/offset-commit-request.ts';
import type { OffsetCommitResponseTopicInput } from '../../protocol/generated/offset-commit-response.ts';
import type { OffsetDeleteRequest } from '../../protocol/generated/offset-delete-request.ts';
import type { OffsetDeleteResponseTopicInput } from '../../protocol/generated/offset-delete-response.ts';
import type { OffsetFetchRequestGroup } from '../../protocol/generated/offset-fetch-request.ts';
import type { OffsetFetchResponseGroupInput } from '../../protocol/generated/offset-fetch-response.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { Random } from '../common/random.ts';
import { ClassicGroupJoin } from './classic-group-join.ts';
import { ClassicGroupRebalance } from './classic-group-rebalance.ts';
import type { ClassicResult } from './classic-group-rebalance.ts';
import { ClassicGroupRequests } from './classic-group-requests.ts';
import { GroupType } from './coordinator-record.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import type { CoordinatorResult } from './coordinator-result.ts';
import type { CoordinatorShard } from './coordinator-shard.ts';
import type { CoordinatorTimer } from './coordinator-timer.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import { GroupMetadataManager } from './group-metadata-manager.ts';
import { OffsetMetadataManager } from './offset-metadata-manager.ts';
import type { OffsetView } from './offset-store.ts';
import type { RequestContext } from './request-context.ts';
import type { DeletedTopic } from './topic-directory.ts';

const EXPIRATION_KEY = 'expire-group-metadata';

export interface GroupCoordinatorShardOptions {
  readonly partition: number;
  readonly config: GroupCoordinatorConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timer: CoordinatorTimer<CoordinatorRecord>;
}

/** One partition of `__consumer_offsets`: its groups and their offsets. */
export class GroupCoordinatorShard implements CoordinatorShard<CoordinatorRecord> {
  readonly join: ClassicGroupJoin;
  readonly requests: ClassicGroupRequests;
  readonly #options: GroupCoordinatorShardOptions;
  readonly #groups: GroupMetadataManager;
  readonly #offsets: OffsetMetadataManager;
  readonly #rebalance: ClassicGroupRebalance;

  constructor(options: GroupCoordinatorShardOptions) {
    const { config, clock, logger, timer, random } = options;
    this.#options = options;
    this.#groups = new GroupMetadataManager(clock);
    this.#offsets = new OffsetMetadataManager(config, clock, this.#groups);
    const ports = { config, clock, logger, timer, groups: this.#groups };
    this.#rebalance = new ClassicGroupRebalance(ports);
    this.join = new ClassicGroupJoin(ports, this.#rebalance, random);
    this.requests = new ClassicGroupRequests(ports, this.#rebalance);
  }

  // Runtime

  replay(offset: number, producerId: number, record: CoordinatorRecord): void {
    switch (record.kind) {
      case 'offsetCommit':
        this.#offsets.replay(offset, producerId, record);
        break;
      case 'groupMetadata':
        this.#groups.replayGroupMetadata(record);
        break;
      case 'foreignGroup':
        this.#groups.replayForeignGroup(record);
        break;
    }
  }

  replayEndTransactionMarker(producerId: number, isCommit: boolean): void {
    this.#offsets.replayEndTransactionMarker(producerId, isCommit);
  }

  onLoaded(): void {
    this.#offsets.onLoaded();
    for (const group of this.#groups.classicGroups()) this.#rebalance.onLoaded(group);
    const foreign = [...this.#groups.groups()].filter(({ type }) => type !== GroupType.classic);
    if (foreign.length > 0) {
      const ids = foreign.map(({ groupId }) => groupId).join(', ');
      this.#options.logger.warn(
        `Groups of other types than classic are kept, but can't have members here yet: ${ids} (coordinator partition ${this.#options.partition}).`,
      );
    }
    this.#scheduleExpiration();
  }

  onUnloaded(): void {
    for (const group of this.#groups.classicGroups()) this.#rebalance.onUnloaded(group);
  }

  onCommitted(offset: number): void {
    this.#offsets.onCommitted(offset);
  }

  // Offsets

  commitOffsets(
    context: RequestContext,
    request: OffsetCommitRequest,
  ): CoordinatorResult<OffsetCommitResponseTopicInput[], CoordinatorRecord> {
    const result = this.#offsets.commit(context, request);
    this.requests.onOffsetCommit(request.groupId, request.memberId);
    return result;
  }

  fetchOffsets(request: OffsetFetchRequestGroup, view: OffsetView): OffsetFetchResponseGroupInput {
    return this.#offsets.fetch(request, view);
  }

  deleteOffsets(request: OffsetDeleteRequest): CoordinatorResult<OffsetDeleteResponseTopicInput[], CoordinatorRecord> {
    return this.#offsets.delete(request);
  }

  onTopicsDeleted(topics: readonly DeletedTopic[]): CoordinatorResult<void, CoordinatorRecord> {
    return { records: this.#offsets.onTopicsDeleted(topics), response: undefined, isAtomic: false };
  }

  // Groups

  listGroups(states: ReadonlySet<string>, types: ReadonlySet<string>): ListedGroupInput[] {
    return this.#groups.list(states, types);
  }

  describeGroup(groupId: string, apiVersion: number): DescribedGroupInput {
    return this.#groups.describe(groupId, apiVersion);
  }

  deleteGroups(groupIds: readonly string[]): CoordinatorResult<DeletableGroupResultInput[], CoordinatorRecord> {
    const records: CoordinatorRecord[] = [];
    const results = groupIds.map((groupId) => {
      const result = this.#groups.checkDelete(groupId);
      if (result.errorCode === ErrorCode.NONE) {
        records.push(...this.#offsets.tombstones(groupId), ...this.#groups.group(groupId).tombstones());
      }
      return result;
    });
    return { records, response: results, isAtomic: false };
  }

  // Expiration

  #scheduleExpiration(): void {
    this.#options.timer.schedule(EXPIRATION_KEY, this.#options.config.offsetsRetentionCheckIntervalMs, () => {
      this.#scheduleExpiration();
      return this.#expire();
    });
  }

  /** Removes offsets past their retention, and groups that have neither members nor offsets left. */
  #expire(): ClassicResult {
    const records: CoordinatorRecord[] = [];
    for (const group of this.#groups.groups()) {
      const isDrained = this.#offsets.expire(group, records);
      if (isDrained && group.type === GroupType.classic && group.isEmpty()) records.push(...group.tombstones());
    }
    return { records, response: undefined, isAtomic: false };
  }
}
