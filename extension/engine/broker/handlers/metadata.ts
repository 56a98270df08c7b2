import { isInternalTopic } from '../../metadata/topic-names.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { type MetadataRequest, metadataRequest } from '../../../protocol/generated/metadata-request.ts';
import {
  metadataResponse,
  type MetadataResponseInput,
  type MetadataResponseTopicInput,
} from '../../../protocol/generated/metadata-response.ts';
import { ZERO_UUID } from '../../common/random.ts';
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts';
import { defineHandler, type RequestContext } from '../../server/api-handler.ts';
import { authorizedOperations, CLUSTER_OPERATIONS, TOPIC_OPERATIONS } from '../authorized-operations.ts';
import type { AutoTopicCreation } from '../auto-topic-creation.ts';
import { nodeEndpoints } from '../current-leader.ts';
import { describePartition } from '../topic-description.ts';

export interface MetadataSource {
  readonly clusterId: string;
  image(): MetadataImage;
  controllerId(): number;
}

/**
 * Metadata, versions 0–13. 0: an empty list means all topics. 4: auto-creation may be refused. 5: offline replicas. 7: leader
 * epochs. 8–10: authorized operations (cluster's until 10). 10: topic ids, looked up by from 12 on. 13: rebootstrap (KIP-1102).
 *
 * A topic that is made by being asked for is answered UNKNOWN_TOPIC_OR_PARTITION until it is there; clients ask again.
 */
export function metadataHandler(source: MetadataSource, creation: AutoTopicCreation) {
  return defineHandler(metadataRequest, metadataResponse, {
    handle(request, context): MetadataResponseInput {
      const image = source.image();
      const { topics: wanted, includeTopicAuthorizedOperations: operations } = request;
      const all = wanted === null || (context.apiVersion === 0 && wanted.length === 0);
      const topics = all
        ? [...image.topics.byName.values()].map((topic) => describe(image, topic, operations, context))
        : named(image, wanted, operations, request, context, creation);
      return {
        brokers: nodeEndpoints(image, image.cluster.brokers.keys(), context.listenerName),
        clusterId: source.clusterId,
        controllerId: source.controllerId(),
        topics,
        clusterAuthorizedOperations:
          context.apiVersion >= 8 && context.apiVersion <= 10
            ? authorizedOperations(request.includeClusterAuthorizedOperations, CLUSTER_OPERATIONS)
            : undefined,
      };
    },
  });
}

function named(
  image: MetadataImage,
  wanted: NonNullable<MetadataRequest['topics']>,
  operations: boolean,
  request: MetadataRequest,
  context: RequestContext,
  creation: AutoTopicCreation,
): MetadataResponseTopicInput[] {
  // As soon as one id is given, names without an id are not looked at.
  const byId = wanted.some((topic) => topic.topicId !== ZERO_UUID);
  if (byId) {
    return wanted
      .filter((topic) => topic.topicId !== ZERO_UUID)
      .map(({ topicId }) => {
        const topic = image.topics.getById(topicId);
        if (topic !== undefined) return describe(image, topic, operations, context);
        return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, partitions: [] };
      });
  }
  const names = [...new Set(wanted.map((topic) => topic.name ?? ''))];
  const missing = names.filter((name) => image.topics.get(name) === undefined);
  const mayCreate = context.apiVersion < 4 || request.allowAutoTopicCreation;
  const codes = mayCreate ? creation.request(missing) : new Map<string, number>();
  return names.map((name) => {
    const topic = image.topics.get(name);
    if (topic !== undefined) return describe(image, topic, operations, context);
    return {
      errorCode: codes.get(name) ?? creation.codeOfMissing(name),
      name,
      isInternal: isInternalTopic(name),
      partitions: [],
    };
  });
}

function describe(
  image: MetadataImage,
  topic: TopicImage,
  operations: boolean,
  context: RequestContext,
): MetadataResponseTopicInput {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: context.apiVersion >= 10 ? topic.id : undefined,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.map((_, index) => {
      const partition = describePartition(image, topic, index, context.listenerName);
      // Clients before version 6 do not know of listeners that lack a broker.
      return context.apiVersion < 6 && partition.errorCode === ErrorCode.LISTENER_NOT_FOUND
        ? { ...partition, errorCode: ErrorCode.LEADER_NOT_AVAILABLE }
        : partition;
    }),
    topicAuthorizedOperations: context.apiVersion >= 8 ? authorizedOperations(operations, TOPIC_OPERATIONS) : undefined,
  };
}
