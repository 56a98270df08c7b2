import { ErrorCode } from '../../../protocol/errors.ts';
import {
  type DescribeConfigsResource,
  describeConfigsRequest,
} from '../../../protocol/generated/describe-configs-request.ts';
import {
  describeConfigsResponse,
  type DescribeConfigsResourceResultInput,
  type DescribeConfigsResultInput,
} from '../../../protocol/generated/describe-configs-response.ts';
import { ApiError } from '../../common/api-error.ts';
import type { ConfigResolver } from '../../metadata/config-resolver.ts';
import { ConfigResourceType, type MetadataImage } from '../../metadata/metadata-image.ts';
import { topicNameProblem } from '../../metadata/topic-names.ts';
import { defineHandler } from '../../server/api-handler.ts';

/** DescribeConfigs, versions 1–4: topics, brokers, client-metrics subscriptions and groups, all configs of each. */
export function describeConfigsHandler(brokerId: number, image: () => MetadataImage, configs: ConfigResolver) {
  function describe(resource: DescribeConfigsResource): DescribeConfigsResourceResultInput[] {
    const { resourceType, resourceName: name } = resource;
    const keys = resource.configurationKeys?.length === 0 ? null : resource.configurationKeys;
    const { configs: all, topics } = image();
    switch (resourceType) {
      case ConfigResourceType.TOPIC:
        checkTopicName(name);
        if (topics.get(name) === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '');
        return configs.describeTopic(all, name, keys);
      case ConfigResourceType.BROKER:
        if (name === '') return configs.describeBrokerDefaults(all, keys);
        checkBrokerId(name);
        return configs.describeBroker(all, keys);
      case ConfigResourceType.CLIENT_METRICS:
        if (name === '') throw invalid('the name of a client metrics subscription must not be empty');
        return configs.describeClientMetrics(all, name, keys);
      case ConfigResourceType.GROUP:
        if (name === '') throw invalid('the name of a group must not be empty');
        return configs.describeGroup(all, name, keys);
      default:
        throw invalid(`resources of type ${resourceType} have no configs here`);
    }
  }

  function checkBrokerId(name: string): void {
    if (!/^-?\d+$/.test(name)) throw invalid(`a broker's name must be its id, a whole number, not '${name}'`);
    if (Number(name) !== brokerId) throw invalid(`this is broker ${brokerId}; ask broker ${name} for its configs`);
  }

  return defineHandler(describeConfigsRequest, describeConfigsResponse, {
    handle: (request) => ({
      throttleTimeMs: 0,
      // One resource of a type that does not exist fails them all, as in Kafka.
      results: known(request.resources).map((resource): DescribeConfigsResultInput => {
        const { resourceType, resourceName } = resource;
        try {
          const found = describe(resource);
          const shown = request.includeSynonyms ? found : found.map((config) => ({ ...config, synonyms: [] }));
          return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs: shown };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return { errorCode: error.code, errorMessage: error.message, resourceType, resourceName, configs: [] };
        }
      }),
    }),
    failed: (errorCode, request) => ({
      throttleTimeMs: 0,
      results: request.resources.map(({ resourceType, resourceName }) => ({
        errorCode,
        errorMessage: null,
        resourceType,
        resourceName,
        configs: [],
      })),
    }),
  });
}

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(ConfigResourceType));

function known(resources: readonly DescribeConfigsResource[]): readonly DescribeConfigsResource[] {
  for (const { resourceType } of resources) {
    if (!KNOWN_TYPES.has(resourceType)) throw invalid(`resource type ${resourceType} does not exist`);
  }
  return resources;
}

function invalid(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REQUEST, message);
}

function checkTopicName(name: string): void {
  const problem = topicNameProblem(name);
  if (problem !== undefined) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
}
