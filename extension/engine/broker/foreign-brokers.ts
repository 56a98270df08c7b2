import { ErrorCode } from '../../protocol/errors.ts';
import { ConfigResourceType } from '../metadata/metadata-image.ts';

interface ConfigResource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** A refused resource, as both ways of altering configs answer it. */
export interface RefusedResource extends ConfigResource {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/**
 * Configs of one broker are altered through that broker: parts the resources of a request into those for the controller and
 * those that name another broker.
 */
export function partForeignBrokers<R extends ConfigResource>(
  resources: readonly R[],
  brokerId: number,
): { accepted: R[]; refused: RefusedResource[] } {
  const accepted: R[] = [];
  const refused: RefusedResource[] = [];
  for (const resource of resources) {
    const { resourceType, resourceName } = resource;
    const isOther =
      resourceType === ConfigResourceType.BROKER && resourceName !== '' && resourceName !== String(brokerId);
    if (!isOther) {
      accepted.push(resource);
      continue;
    }
    const errorMessage = `this is broker ${brokerId}: send configs of broker ${resourceName} there`;
    refused.push({ resourceType, resourceName, errorCode: ErrorCode.INVALID_REQUEST, errorMessage });
  }
  return { accepted, refused };
}
