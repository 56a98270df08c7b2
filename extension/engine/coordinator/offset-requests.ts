import { ErrorCode } from '../../protocol/errors.ts';
import type { OffsetCommitRequest, OffsetCommitRequestTopic } from '../../protocol/generated/offset-commit-request.ts';
import type {
  OffsetCommitResponseInput,
  OffsetCommitResponseTopicInput,
} from '../../protocol/generated/offset-commit-response.ts';
import type { OffsetDeleteRequest } from '../../protocol/generated/offset-delete-request.ts';
import type {
  OffsetDeleteResponseInput,
  OffsetDeleteResponseTopicInput,
} from '../../protocol/generated/offset-delete-response.ts';
import type {
  OffsetFetchRequest,
  OffsetFetchRequestGroup,
  OffsetFetchRequestTopics,
} from '../../protocol/generated/offset-fetch-request.ts';
import type {
  OffsetFetchResponseGroupInput,
  OffsetFetchResponseInput,
  OffsetFetchResponseTopicsInput,
} from '../../protocol/generated/offset-fetch-response.ts';
import { ZERO_UUID } from '../common/random.ts';
import { responseErrorCode, toApiError } from './coordinator-errors.ts';
import type { CoordinatorRecord } from './coordinator-record.ts';
import type { CoordinatorRuntime } from './coordinator-runtime.ts';
import type { GroupCoordinatorShard } from './group-coordinator-shard.ts';
import type { RequestContext } from './request-context.ts';
import type { TopicDirectory } from './topic-directory.ts';

/** First version of OffsetCommit and of OffsetFetch that names topics by id alone. */
const TOPIC_ID_VERSION = 10;
/** First version of OffsetFetch with several groups. */
const MANY_GROUPS_VERSION = 8;
/** First version of OffsetFetch with an error code for the whole. */
const TOP_LEVEL_ERROR_VERSION = 2;

/**
 * OffsetCommit v2–10, OffsetFetch v1–10 and OffsetDelete v0: names against ids, topics that do not exist, one group or
 * many. What is left of a request goes to the shard.
 */
export class OffsetRequests {
  readonly #runtime: CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord>;
  readonly #topics: TopicDirectory;
  readonly #partition: (groupId: string) => number;

  /** @param partition may throw ApiError COORDINATOR_NOT_AVAILABLE */
  constructor(
    runtime: CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord>,
    topics: TopicDirectory,
    partition: (groupId: string) => number,
  ) {
    this.#runtime = runtime;
    this.#topics = topics;
    this.#partition = partition;
  }

  // OffsetCommit

  async commit(context: RequestContext, request: OffsetCommitRequest): Promise<OffsetCommitResponseInput> {
    const refused: OffsetCommitResponseTopicInput[] = [];
    const accepted: OffsetCommitRequestTopic[] = [];
    for (const topic of request.topics) this.#checkCommitTopic(context, topic, accepted, refused);
    if (accepted.length === 0) return { topics: refused };
    const known = { ...request, topics: accepted };
    try {
      const partition = this.#partition(request.groupId);
      const committed = await this.#runtime.write(partition, (shard) => shard.commitOffsets(context, known));
      return { topics: merged(refused, committed) };
    } catch (error) {
      const errorCode = responseErrorCode(error);
      const failed = accepted.map((topic) => refuseCommit(topic, topic.partitions, errorCode));
      return { topics: merged(refused, failed) };
    }
  }

  /** Splits a topic into what can be committed and what can't. */
  #checkCommitTopic(
    { apiVersion }: RequestContext,
    topic: OffsetCommitRequestTopic,
    accepted: OffsetCommitRequestTopic[],
    refused: OffsetCommitResponseTopicInput[],
  ): void {
    const isById = apiVersion >= TOPIC_ID_VERSION;
    const name = isById ? this.#topics.topicName(topic.topicId) : topic.name;
    if (name === undefined) {
      refused.push(refuseCommit(topic, topic.partitions, ErrorCode.UNKNOWN_TOPIC_ID));
      return;
    }
    const topicId = isById ? topic.topicId : (this.#topics.topicId(name) ?? ZERO_UUID);
    const resolved = { ...topic, name, topicId };
    const known = topic.partitions.filter(({ partitionIndex }) => this.#topics.hasPartition(name, partitionIndex));
    const unknown = topic.partitions.filter((partition) => !known.includes(partition));
    if (unknown.length > 0) refused.push(refuseCommit(resolved, unknown, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    if (known.length > 0) accepted.push({ ...resolved, partitions: known });
  }

  // OffsetFetch

  async fetch(context: RequestContext, request: OffsetFetchRequest): Promise<OffsetFetchResponseInput> {
    const { apiVersion } = context;
    if (apiVersion >= MANY_GROUPS_VERSION) {
      const { requireStable } = request;
      const groups = request.groups.map((group) => this.#fetchGroup(apiVersion, group, requireStable));
      return { groups: await Promise.all(groups) };
    }
    const group = await this.#fetchGroup(apiVersion, singleGroup(request), request.requireStable);
    const topics = group.topics ?? [];
    if (apiVersion >= TOP_LEVEL_ERROR_VERSION || group.errorCode === ErrorCode.NONE) {
      return { topics, errorCode: group.errorCode ?? ErrorCode.NONE };
    }
    return { topics: refuseFetch(request.topics ?? [], group.errorCode ?? ErrorCode.NONE) };
  }

  async #fetchGroup(
    apiVersion: number,
    group: OffsetFetchRequestGroup,
    requireStable: boolean,
  ): Promise<OffsetFetchResponseGroupInput> {
    const isById = apiVersion >= TOPIC_ID_VERSION;
    const known: OffsetFetchRequestTopics[] = [];
    const unknown: OffsetFetchRequestTopics[] = [];
    for (const topic of group.topics ?? []) {
      const name = isById ? this.#topics.topicName(topic.topicId) : topic.name;
      if (name === undefined) unknown.push(topic);
      else known.push({ ...topic, name, topicId: isById ? topic.topicId : (this.#topics.topicId(name) ?? ZERO_UUID) });
    }
    const request = { ...group, topics: group.topics === null ? null : known };
    try {
      const partition = this.#partition(group.groupId);
      // A fetch that must be stable waits for what is written to be committed; any other shows what is committed.
      const fetched = requireStable
        ? await this.#runtime.write(partition, (shard) => ({
            records: [],
            response: shard.fetchOffsets(request, 'latest'),
          }))
        : this.#runtime.read(partition, (shard) => shard.fetchOffsets(request, 'committed'));
      const topics = isById && group.topics === null ? this.#withIds(fetched.topics ?? []) : (fetched.topics ?? []);
      return {
        groupId: group.groupId,
        topics: [...topics, ...refuseFetch(unknown, ErrorCode.UNKNOWN_TOPIC_ID)],
        errorCode: ErrorCode.NONE,
      };
    } catch (error) {
      return { groupId: group.groupId, topics: [], errorCode: fetchErrorCode(error) };
    }
  }

  /** Topics by id: those that are gone can't be named and are left out. */
  #withIds(topics: readonly OffsetFetchResponseTopicsInput[]): OffsetFetchResponseTopicsInput[] {
    return topics.flatMap((topic) => {
      const topicId = this.#topics.topicId(topic.name ?? '');
      return topicId === undefined ? [] : [{ ...topic, topicId }];
    });
  }

  // OffsetDelete

  async delete(request: OffsetDeleteRequest): Promise<OffsetDeleteResponseInput> {
    const refused: OffsetDeleteResponseTopicInput[] = [];
    const known = request.topics.flatMap((topic) => {
      const { name } = topic;
      const existing = topic.partitions.filter(({ partitionIndex }) => this.#topics.hasPartition(name, partitionIndex));
      const missing = topic.partitions.filter((partition) => !existing.includes(partition));
      if (missing.length > 0) {
        const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        refused.push({ name, partitions: missing.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) });
      }
      return existing.length > 0 ? [{ ...topic, partitions: existing }] : [];
    });
    try {
      const partition = this.#partition(request.groupId);
      const deleted = await this.#runtime.write(partition, (shard) =>
        shard.deleteOffsets({ ...request, topics: known }),
      );
      return { errorCode: ErrorCode.NONE, throttleTimeMs: 0, topics: merged(refused, deleted) };
    } catch (error) {
      return { errorCode: responseErrorCode(error), throttleTimeMs: 0, topics: [] };
    }
  }
}

interface ResponseTopic<P> {
  readonly name?: string | undefined;
  readonly partitions: readonly P[];
}

/** What was refused and what was done, one entry a topic. */
function merged<P, T extends ResponseTopic<P>>(refused: readonly T[], done: readonly T[]): T[] {
  const topics = [...refused];
  for (const topic of done) {
    const at = topic.name === '' ? -1 : topics.findIndex(({ name }) => name === topic.name);
    if (at === -1) topics.push(topic);
    else topics[at] = { ...topic, partitions: [...topics[at]!.partitions, ...topic.partitions] };
  }
  return topics;
}

function singleGroup(request: OffsetFetchRequest): OffsetFetchRequestGroup {
  return {
    groupId: request.groupId,
    memberId: null,
    memberEpoch: -1,
    topics: request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null,
    unknownTaggedFields: undefined,
  };
}

function refuseCommit(
  { name, topicId }: OffsetCommitRequestTopic,
  partitions: readonly { readonly partitionIndex: number }[],
  errorCode: number,
): OffsetCommitResponseTopicInput {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}

/** Consumers know no time-out here, but they look for the coordinator again when they are told that this isn't it. */
function fetchErrorCode(error: unknown): number {
  const code = toApiError(error).code;
  return code === ErrorCode.REQUEST_TIMED_OUT ? ErrorCode.NOT_COORDINATOR : responseErrorCode(error);
}

interface FetchTopic {
  readonly name: string;
  readonly topicId?: string;
  readonly partitionIndexes: readonly number[];
}

function refuseFetch(topics: readonly FetchTopic[], errorCode: number): OffsetFetchResponseTopicsInput[] {
  return topics.map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })),
  }));
}
