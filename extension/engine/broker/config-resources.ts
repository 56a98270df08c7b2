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

/** Why a broker refuses a config of its own that the controller cannot judge; undefined where it does not. */
export type RefuseResource<R> = (
  resource: R,
) => { readonly errorCode: number; readonly errorMessage: string } | undefined;

/**
 * Has the controller alter configs. Those of one broker are altered through that broker: resources that name another one are
 * refused here and do not reach the controller, and so is what `refuse` knows to be wrong. A controller, which has no id here,
 * takes all.
 */
export async function alterResources<R extends ConfigResource>(
  resources: readonly R[],
  brokerId: number | undefined,
  alter: (accepted: R[]) => Promise<AlterAnswer>,
  refuse: RefuseResource<R> = () => undefined,
): Promise<AlterAnswer> {
  const accepted: R[] = [];
  const refused: AlteredResource[] = [];
  for (const resource of resources) {
    const { resourceType, resourceName } = resource;
    const isBroker = brokerId !== undefined && resourceType === ConfigResourceType.BROKER;
    const isForeign = isBroker && resourceName !== '' && resourceName !== String(brokerId);
    const why = isForeign
      ? {
          errorCode: ErrorCode.INVALID_REQUEST,
          errorMessage: `this is broker ${brokerId}: send configs of broker ${resourceName} there`,
        }
      : isBroker
        ? refuse(resource)
        : undefined;
    if (why === undefined) accepted.push(resource);
    else refused.push({ resourceType, resourceName, ...why });
  }
  const answer = await alter(accepted);
  return { ...answer, responses: [...answer.responses, ...refused] };
}

/** The answer to a request that failed as a whole. */
export function failedResources(
  errorCode: number,
  request: { readonly resources: readonly ConfigResource[] },
  errorMessage: string | null,
): AlterAnswer {
  return {
    throttleTimeMs: 0,
    responses: request.resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
    })),
  };
}

/** Only a broker knows which directories it has: see {@link RefuseResource}. */
export function refuseCordon(
  configs: readonly { readonly name: string; readonly value: string | null }[],
  problemOf: (value: string) => string | undefined,
): ReturnType<RefuseResource<unknown>> {
  const value = configs.find(({ name }) => name === 'cordoned.log.dirs')?.value ?? '';
  const problem = problemOf(value);
  return problem === undefined ? undefined : { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: problem };
}
