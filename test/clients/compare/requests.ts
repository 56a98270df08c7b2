import type { Comparison } from './comparison.ts';
import { configsRequests } from './configs-requests.ts';
import { controllerRequests } from './controller-requests.ts';
import { groupsRequests } from './groups-requests.ts';
import { recordsRequests } from './records-requests.ts';
import { topicsRequests } from './topics-requests.ts';

/** The order matters: later requests build on what earlier ones left behind. */
export const comparisons: readonly Comparison[] = [
  ...topicsRequests,
  ...recordsRequests,
  ...configsRequests,
  ...groupsRequests,
  ...controllerRequests,
];
