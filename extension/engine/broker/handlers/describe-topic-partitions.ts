import { ErrorCode } from '../../../protocol/errors.ts';
import { describeTopicPartitionsRequest } from '../../../protocol/generated/describe-topic-partitions-request.ts';
import {
  type CursorInput,
  describeTopicPartitionsResponse,
  type DescribeTopicPartitionsResponseTopicInput,
} from '../../../protocol/generated/describe-topic-partitions-response.ts';
import { ApiError } from '../../common/api-error.ts';
import { ZERO_UUID } from '../../common/random.ts';
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts';
import { isInternalTopic, topicNameProblem } from '../../metadata/topic-names.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { TOPIC_OPERATIONS } from '../authorized-operations.ts';
import { describePartition } from '../topic-description.ts';

/**
 * DescribeTopicPartitions, version 0 (KIP-966): topics in name order, a page at a time. A page ends after the requested
 * number of partitions, at most `max.request.partition.size.limit`; the cursor names the first one that is left.
 */
export function describeTopicPartitionsHandler(image: () => MetadataImage, partitionLimit: number) {
  return defineHandler(describeTopicPartitionsRequest, describeTopicPartitionsResponse, {
    handle(request, { listenerName }) {
      const now = image();
      const { cursor } = request;
      if (cursor !== null && cursor.partitionIndex < 0) {
        throw new ApiError(ErrorCode.INVALID_REQUEST, 'the cursor must be at partition 0 or later');
      }
      const from = cursor?.topicName ?? '';
      const asked = request.topics.map((topic) => topic.name);
      const names = (asked.length > 0 ? [...new Set(asked)].sort() : [...now.topics.byName.keys()]).filter(
        (name) => name >= from,
      );
      let left = Math.max(1, Math.min(request.responsePartitionLimit, partitionLimit));
      let nextCursor: CursorInput | null = null;
      const topics: DescribeTopicPartitionsResponseTopicInput[] = [];
      for (const name of names) {
        if (left === 0) {
          nextCursor = { topicName: name, partitionIndex: 0 };
          break;
        }
        const topic = now.topics.get(name);
        if (topic === undefined) {
          topics.push(missing(name));
          continue;
        }
        const first = name === cursor?.topicName ? cursor.partitionIndex : 0;
        const end = Math.min(topic.partitions.length, first + left);
        topics.push(describe(now, topic, first, end, listenerName));
        left -= Math.max(0, end - first);
        if (end < topic.partitions.length) {
          nextCursor = { topicName: name, partitionIndex: end };
          break;
        }
      }
      // Topics that could not be described come first, as Kafka's broker lists them.
      topics.sort((a, b) => Number(b.errorCode !== ErrorCode.NONE) - Number(a.errorCode !== ErrorCode.NONE));
      return { throttleTimeMs: 0, topics, nextCursor };
    },
    failed: (errorCode, request) => ({
      throttleTimeMs: 0,
      topics: request.topics.map(({ name }) => ({ ...missing(name), errorCode })),
      nextCursor: null,
    }),
  });
}

function missing(name: string): DescribeTopicPartitionsResponseTopicInput {
  return {
    errorCode:
      topicNameProblem(name) === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION,
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}

function describe(
  image: MetadataImage,
  topic: TopicImage,
  first: number,
  end: number,
  listenerName: string,
): DescribeTopicPartitionsResponseTopicInput {
  const partitions = [];
  for (let index = first; index < end; index++) {
    const { elr, lastKnownElr } = topic.partitions[index]!;
    partitions.push({
      ...describePartition(image, topic, index, listenerName),
      // That nobody leads is no error here: the ELR tells who could.
      errorCode: ErrorCode.NONE,
      eligibleLeaderReplicas: elr,
      lastKnownElr,
    });
  }
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}
