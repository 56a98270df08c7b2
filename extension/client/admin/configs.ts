import { describeConfigsRequest } from '../../protocol/generated/describe-configs-request.ts';
import {
  describeConfigsResponse,
  type DescribeConfigsResourceResult,
} from '../../protocol/generated/describe-configs-response.ts';
import { incrementalAlterConfigsRequest } from '../../protocol/generated/incremental-alter-configs-request.ts';
import { incrementalAlterConfigsResponse } from '../../protocol/generated/incremental-alter-configs-response.ts';
import { listConfigResourcesRequest } from '../../protocol/generated/list-config-resources-request.ts';
import { listConfigResourcesResponse } from '../../protocol/generated/list-config-resources-response.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { groupBy } from '../group-by.ts';
import { kafkaErrorOrNull, throwOnError, type KafkaError } from '../kafka-error.ts';

export const ConfigResourceType = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const;
export type ConfigResourceType = keyof typeof ConfigResourceType;

export interface ConfigResource {
  readonly type: ConfigResourceType;
  /** A topic, broker id, group or subscription; `''` as a broker is the default for all brokers. */
  readonly name: string;
}

const SOURCES = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'DYNAMIC_CLIENT_METRICS_CONFIG',
  'DYNAMIC_GROUP_CONFIG',
] as const;

/** Where a value comes from; Kafka's names. */
export type ConfigSource = (typeof SOURCES)[number];

const TYPES = ['UNKNOWN', 'BOOLEAN', 'STRING', 'INT', 'SHORT', 'LONG', 'DOUBLE', 'LIST', 'CLASS', 'PASSWORD'] as const;

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
}

export interface ConfigEntry {
  readonly name: string;
  /** Null when it is not set or must not be shown. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly type: (typeof TYPES)[number];
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  /** Where the value would come from, in order of precedence; the first one counts. */
  readonly synonyms: readonly ConfigSynonym[];
  readonly documentation: string | null;
}

export interface ResourceConfigs {
  readonly resource: ConfigResource;
  readonly entries: readonly ConfigEntry[];
  readonly error: KafkaError | null;
}

/** One change: a value to set, to add to or take from a list, or null to go back to the default. */
export interface ConfigChange {
  readonly name: string;
  readonly value: string | null;
  readonly operation?: 'set' | 'append' | 'subtract';
}

export interface DescribeConfigsOptions {
  /** Only these; all by default. */
  readonly names?: readonly string[];
  readonly synonyms?: boolean;
  readonly documentation?: boolean;
}

function resourceLabel(resource: ConfigResource): string {
  return `${resource.type} '${resource.name}'`;
}

/** A broker's own settings are asked of that broker, everything else of any. */
function brokerOf(resource: ConfigResource): number | undefined {
  const isOwn = (resource.type === 'broker' || resource.type === 'brokerLogger') && resource.name !== '';
  return isOwn ? Number(resource.name) : undefined;
}

export async function describeConfigs(
  client: ClusterClient,
  resources: readonly ConfigResource[],
  options: DescribeConfigsOptions,
): Promise<ResourceConfigs[]> {
  const groups = groupBy(resources, brokerOf);
  const answers = [...groups].map(async ([broker, some]) => {
    const body = (version: number) => ({
      resources: some.map(({ type, name }) => ({
        resourceType: ConfigResourceType[type],
        resourceName: name,
        configurationKeys: options.names ?? null,
      })),
      includeSynonyms: options.synonyms ?? false,
      ...(version >= 3 ? { includeDocumentation: options.documentation ?? false } : {}),
    });
    const response =
      broker === undefined
        ? await client.toAny(describeConfigsRequest, describeConfigsResponse, body)
        : await client.toBroker(broker, describeConfigsRequest, describeConfigsResponse, body);
    return some.map((resource): ResourceConfigs => {
      const result = response.results.find(
        ({ resourceType, resourceName }) =>
          resourceType === ConfigResourceType[resource.type] && resourceName === resource.name,
      );
      if (result === undefined) return { resource, entries: [], error: null };
      const error = kafkaErrorOrNull(result.errorCode, resourceLabel(resource), result.errorMessage);
      return { resource, entries: result.configs.map(configEntry), error };
    });
  });
  const found = new Map((await Promise.all(answers)).flat().map((each) => [each.resource, each]));
  return resources.map((resource) => found.get(resource)!);
}

function configEntry(config: DescribeConfigsResourceResult): ConfigEntry {
  return {
    name: config.name,
    value: config.value,
    source: SOURCES[config.configSource] ?? 'UNKNOWN',
    type: TYPES[config.configType] ?? 'UNKNOWN',
    readOnly: config.readOnly,
    sensitive: config.isSensitive,
    synonyms: config.synonyms.map(({ name, value, source }) => ({ name, value, source: SOURCES[source] ?? 'UNKNOWN' })),
    documentation: config.documentation,
  };
}

const OPERATIONS = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export interface AlterConfigsResult {
  readonly resource: ConfigResource;
  readonly error: KafkaError | null;
}

export async function incrementalAlterConfigs(
  client: ClusterClient,
  changes: readonly { readonly resource: ConfigResource; readonly changes: readonly ConfigChange[] }[],
  validateOnly: boolean,
): Promise<AlterConfigsResult[]> {
  // Controllers do not hand such requests on: the active one takes those for brokers, too.
  const targetOf = client.endpoints === 'controllers' ? () => undefined : brokerOf;
  const groups = groupBy(changes, ({ resource }) => targetOf(resource));
  const answers = [...groups].map(async ([broker, some]) => {
    const body = {
      validateOnly,
      resources: some.map(({ resource, changes: entries }) => ({
        resourceType: ConfigResourceType[resource.type],
        resourceName: resource.name,
        configs: entries.map(({ name, value, operation }) => ({
          name,
          value,
          configOperation: value === null ? OPERATIONS.delete : OPERATIONS[operation ?? 'set'],
        })),
      })),
    };
    const response =
      broker === undefined
        ? await client.toController(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, body, (answer) =>
            answer.responses.map(({ errorCode }) => errorCode),
          )
        : await client.toBroker(broker, incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, body);
    return some.map(({ resource }): AlterConfigsResult => {
      const result = response.responses.find(
        ({ resourceType, resourceName }) =>
          resourceType === ConfigResourceType[resource.type] && resourceName === resource.name,
      );
      if (result === undefined) return { resource, error: null };
      return { resource, error: kafkaErrorOrNull(result.errorCode, resourceLabel(resource), result.errorMessage) };
    });
  });
  return (await Promise.all(answers)).flat();
}

/** Names of the resources of one type that have settings; brokers before 3.7 (4.1 for groups) cannot tell. */
export async function listConfigResources(client: ClusterClient, type: ConfigResourceType): Promise<string[]> {
  const response = await client.toAny(listConfigResourcesRequest, listConfigResourcesResponse, (version) =>
    version >= 1 ? { resourceTypes: [ConfigResourceType[type]] } : {},
  );
  throwOnError(response.errorCode, 'config resources');
  return response.configResources.map(({ resourceName }) => resourceName).sort();
}
