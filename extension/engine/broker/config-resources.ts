import { ErrorCode } from '../../protocol/errors.ts';
import { ConfigResourceType } from '../metadata/metadata-image.ts';

interface ConfigResource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** One resource's answer, the same in AlterConfigs and IncrementalAlterConfigs. */
export interface AlteredResource extends ConfigResource {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface AlterAnswer {
  readonly throttleTimeMs: number;
  readonly responses: readonly AlteredResource[];
}

/**
 * Has the controller alter configs. Those of one broker are altered through that broker: resources that name another one are
 * refused here and do not reach the controller. A controller, which has no id here, takes all.
 */
export async function alterResources<R extends ConfigResource>(
  resources: readonly R[],
  brokerId: number | undefined,
  alter: (accepted: R[]) => Promise<AlterAnswer>,
): Promise<AlterAnswer> {
  const isForeign = ({ resourceType, resourceName }: R): boolean =>
    brokerId !== undefined &&
    resourceType === ConfigResourceType.BROKER &&
    resourceName !== '' &&
    resourceName !== String(brokerId);
  const answer = await alter(resources.filter((resource) => !isForeign(resource)));
  const refused = resources.filter(isForeign).map(({ resourceType, resourceName }) => ({
    resourceType,
    resourceName,
    errorCode: ErrorCode.INVALID_REQUEST,
    errorMessage: `this is broker ${brokerId}: send configs of broker ${resourceName} there`,
  }));
  return { ...answer, responses: [...answer.responses, ...refused] };
}

/** The answer to a request that failed as a whole. */
export function failedResources(
  errorCode: number,
  request: { readonly resources: readonly ConfigResource[] },
): AlterAnswer {
  return {
    throttleTimeMs: 0,
    responses: request.resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
    })),
  };
}
