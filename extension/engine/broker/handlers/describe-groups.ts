import { describeGroupsRequest } from '../../../protocol/generated/describe-groups-request.ts';
import { describeGroupsResponse } from '../../../protocol/generated/describe-groups-response.ts';
import type { GroupCoordinator } from '../../coordinator/group-coordinator.ts';
import { defineHandler } from '../../server/api-handler.ts';
import { authorizedOperations, GROUP_OPERATIONS } from '../authorized-operations.ts';

/** DescribeGroups, versions 0–6. 3: authorized operations (KIP-430). 4: static members. 6: GROUP_ID_NOT_FOUND (KIP-1043). */
export function describeGroupsHandler(groups: GroupCoordinator) {
  return defineHandler(describeGroupsRequest, describeGroupsResponse, {
    async handle(request, context) {
      const answer = await groups.describeGroups(context, request);
      if (context.apiVersion < 3) return answer;
      const asked = request.includeAuthorizedOperations;
      return {
        ...answer,
        groups: answer.groups.map((group) => ({
          ...group,
          authorizedOperations: authorizedOperations(asked, GROUP_OPERATIONS, group.errorCode),
        })),
      };
    },
    failed: (errorCode, request) => ({
      groups: request.groups.map((groupId) => ({
        errorCode,
        groupId,
        groupState: '',
        protocolType: '',
        protocolData: '',
        members: [],
      })),
    }),
  });
}
