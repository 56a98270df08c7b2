import type { AlterConfigsRequest } from '../../protocol/generated/alter-configs-request.ts';
import type { AlterConfigsResponseInput } from '../../protocol/generated/alter-configs-response.ts';
import type { IncrementalAlterConfigsRequest } from '../../protocol/generated/incremental-alter-configs-request.ts';
import type { IncrementalAlterConfigsResponseInput } from '../../protocol/generated/incremental-alter-configs-response.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import {
  checkBrokerConfigs,
  checkClientMetricsConfigs,
  checkGroupConfigs,
  checkTopicConfigs,
} from './config-checks.ts';
import { brokerConfig, clientMetricsConfigs, groupConfigs, topicConfigs } from './config-definitions.ts';
import type { ConfigDefinition } from './config-definitions.ts';
import { CLUSTER_DEFAULT } from './config-resolver.ts';
import { parseConfigList } from './config-value.ts';
import type { ControlContext, Decision } from './control-context.ts';
import { ConfigResourceType, configResourceKey } from './metadata-image.ts';
import type { ResourceConfigs } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { isElrEnabled } from './metadata-version.ts';
import { topicNameProblem } from './topic-names.ts';

/** What IncrementalAlterConfigs does to a config. */
export const ConfigOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

const MIN_ISR = 'min.insync.replicas';

interface Resource<C> {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly C[];
}

interface Alteration {
  readonly name: string;
  readonly value: string | null;
}

/** Changes single configs of resources; each resource by itself. */
export function incrementalAlterConfigs(
  context: ControlContext,
  request: IncrementalAlterConfigsRequest,
): Decision<IncrementalAlterConfigsResponseInput> {
  return alterResources(request.resources, request.validateOnly, (resource) => {
    const current = currentConfigs(context, resource);
    const records: NewMetadataRecord[] = [];
    let after = current;
    for (const alteration of resource.configs) {
      const value = newValue(resource, alteration.configOperation, alteration, after);
      if (value === (after.get(alteration.name) ?? null)) continue;
      records.push(configRecord(resource, alteration.name, value));
      after = value === null ? after.without(alteration.name) : after.with(alteration.name, value);
    }
    checkResource(context, resource, after);
    return [...records, ...consequences(context, resource, records)];
  });
}

/** Replaces all configs of resources (the older API): what is not named goes. */
export function alterConfigs(
  context: ControlContext,
  request: AlterConfigsRequest,
): Decision<AlterConfigsResponseInput> {
  return alterResources(request.resources, request.validateOnly, (resource) => {
    const current = currentConfigs(context, resource);
    const records: NewMetadataRecord[] = [];
    let after = current;
    for (const { name, value } of resource.configs) {
      records.push(configRecord(resource, name, value));
      if (value !== null) after = after.with(name, value);
    }
    for (const name of current.keys()) {
      if (resource.configs.some((config) => config.name === name)) continue;
      records.push(configRecord(resource, name, null));
      after = after.without(name);
    }
    checkResource(context, resource, after);
    return [...records, ...consequences(context, resource, records)];
  });
}

interface ResourceResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

function alterResources<C extends Alteration & { readonly configOperation?: number }>(
  resources: readonly Resource<C>[],
  validateOnly: boolean,
  decide: (resource: Resource<C>) => NewMetadataRecord[],
): Decision<{ throttleTimeMs: number; responses: ResourceResponse[] }> {
  const records: NewMetadataRecord[] = [];
  const seen = new Map<string, number>();
  for (const { resourceType, resourceName } of resources) {
    const key = configResourceKey(resourceType, resourceName);
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const responses = resources.map((resource): ResourceResponse => {
    const { resourceType, resourceName } = resource;
    try {
      if ((seen.get(configResourceKey(resourceType, resourceName)) ?? 0) > 1) {
        throw badRequest('Each resource must appear at most once.');
      }
      checkShape(resource);
      const decided = decide(resource);
      if (!validateOnly) records.push(...decided);
      return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { errorCode: error.code, errorMessage: error.message, resourceType, resourceName };
    }
  });
  const clearsElr = records.some(({ type }) => type === 'CLEAR_ELR_RECORD');
  return {
    records,
    response: { throttleTimeMs: 0, responses },
    ...(clearsElr ? { cause: `${MIN_ISR} was changed` } : {}),
  };
}

function checkShape(resource: Resource<Alteration & { readonly configOperation?: number }>): void {
  const names = resource.configs.map(({ name }) => name);
  if (new Set(names).size < names.length) throw badRequest('Error due to duplicate config keys');
  const missing = resource.configs.filter(
    ({ value, configOperation }) => value === null && configOperation !== ConfigOperation.DELETE,
  );
  if (missing.length > 0) {
    throw badRequest(`Null value not supported for : ${missing.map(({ name }) => name).join(',')}`);
  }
}

/** The resource's configs; throws unless it is one that can have some, and exists where it must. */
function currentConfigs(context: ControlContext, resource: Resource<Alteration>): ResourceConfigs {
  const { image } = context;
  const { resourceType: type, resourceName: name } = resource;
  switch (type) {
    case ConfigResourceType.TOPIC: {
      if (name === '') throw badRequest('Default topic resources are not allowed.');
      const problem = topicNameProblem(name);
      if (problem !== undefined) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
      if (image.topics.get(name) === undefined) {
        throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
      }
      break;
    }
    case ConfigResourceType.BROKER:
      if (name === CLUSTER_DEFAULT) break;
      if (!/^\d+$/.test(name)) throw badRequest(`Node id must be an integer, but it is: ${name}`);
      if (!image.cluster.brokers.has(Number(name)) && !image.cluster.controllers.has(Number(name))) {
        throw new ApiError(ErrorCode.BROKER_ID_NOT_REGISTERED, `No node with id ${name} found.`);
      }
      break;
    case ConfigResourceType.CLIENT_METRICS:
      if (name === '') throw badRequest("Subscription name can't be empty");
      break;
    case ConfigResourceType.GROUP:
      if (name === '') throw badRequest('Default group resources are not allowed.');
      break;
    default:
      throw badRequest(`Unknown resource type ${type}`);
  }
  return image.configs.get(type, name);
}

function checkResource(context: ControlContext, resource: Resource<Alteration>, configs: ResourceConfigs): void {
  const { image, resolver } = context;
  switch (resource.resourceType) {
    case ConfigResourceType.TOPIC:
      return checkTopicConfigs(resolver, image.configs, configs);
    case ConfigResourceType.BROKER:
      checkBrokerConfigs(resource.resourceName, configs);
      return checkMinIsr(context, resource, configs);
    case ConfigResourceType.CLIENT_METRICS:
      return checkClientMetricsConfigs(configs);
    case ConfigResourceType.GROUP:
      return checkGroupConfigs(resolver, image.configs, configs);
  }
}

/** The ELR of a partition depends on this config, so there is one value for all brokers, and there always is (KIP-966). */
function checkMinIsr(context: ControlContext, resource: Resource<Alteration>, configs: ResourceConfigs): void {
  if (!isElrEnabled(context.image.features)) return;
  if (resource.resourceName !== CLUSTER_DEFAULT) {
    if (!configs.has(MIN_ISR)) return;
    throw new ApiError(ErrorCode.INVALID_CONFIG, `Broker-level ${MIN_ISR} cannot be altered while ELR is enabled.`);
  }
  const before = context.image.configs.get(ConfigResourceType.BROKER, CLUSTER_DEFAULT);
  if (before.has(MIN_ISR) && !configs.has(MIN_ISR)) {
    throw new ApiError(ErrorCode.INVALID_CONFIG, `Cluster-level ${MIN_ISR} cannot be removed while ELR is enabled.`);
  }
}

function newValue(
  resource: Resource<Alteration>,
  operation: number,
  alteration: Alteration,
  configs: ResourceConfigs,
): string | null {
  const { name, value } = alteration;
  switch (operation) {
    case ConfigOperation.SET:
      return value;
    case ConfigOperation.DELETE:
      return null;
    case ConfigOperation.APPEND:
    case ConfigOperation.SUBTRACT: {
      const verb = operation === ConfigOperation.APPEND ? 'APPEND to' : 'SUBTRACT from';
      const definition = definitionOf(resource.resourceType, name);
      if (definition?.type !== 'LIST') {
        throw new ApiError(ErrorCode.INVALID_CONFIG, `Can't ${verb} key ${name} because its type is not LIST.`);
      }
      const before = parseConfigList(configs.get(name) ?? definition.default ?? '');
      const given = parseConfigList(value ?? '');
      const after =
        operation === ConfigOperation.APPEND
          ? [...before, ...given.filter((item) => !before.includes(item))]
          : before.filter((item) => !given.includes(item));
      return after.length === before.length ? (configs.get(name) ?? null) : after.join(',');
    }
    default:
      throw badRequest(`Unknown operation ${operation} on ${name}.`);
  }
}

function definitionOf(type: number, name: string): ConfigDefinition | undefined {
  switch (type) {
    case ConfigResourceType.TOPIC:
      return topicConfigs.get(name);
    case ConfigResourceType.BROKER:
      return brokerConfig(name);
    case ConfigResourceType.GROUP:
      return groupConfigs.get(name);
    case ConfigResourceType.CLIENT_METRICS:
      return clientMetricsConfigs.get(name);
    default:
      return undefined;
  }
}

function configRecord(resource: Resource<Alteration>, name: string, value: string | null): NewMetadataRecord {
  const { resourceType, resourceName } = resource;
  return { type: 'CONFIG_RECORD', version: 0, data: { resourceType, resourceName, name, value } };
}

/** With another minimum, who was eligible to lead has to be found out anew. */
function consequences(
  context: ControlContext,
  resource: Resource<Alteration>,
  records: readonly NewMetadataRecord[],
): NewMetadataRecord[] {
  const { resourceType, resourceName } = resource;
  if (!isElrEnabled(context.image.features)) return [];
  if (resourceType !== ConfigResourceType.TOPIC && resourceType !== ConfigResourceType.BROKER) return [];
  const touchesMinIsr = records.some((record) => record.type === 'CONFIG_RECORD' && record.data.name === MIN_ISR);
  if (!touchesMinIsr) return [];
  const topicName = resourceType === ConfigResourceType.TOPIC ? resourceName : '';
  return [{ type: 'CLEAR_ELR_RECORD', version: 0, data: { topicName } }];
}

function badRequest(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REQUEST, message);
}
