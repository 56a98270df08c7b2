import { defaultGroupCoordinatorConfig } from '../../../../extension/engine/coordinator/group-coordinator-config.ts';
import type { GroupCoordinatorConfig } from '../../../../extension/engine/coordinator/group-coordinator-config.ts';
import { GroupCoordinatorService } from '../../../../extension/engine/coordinator/group-coordinator-service.ts';
import type { RequestContext } from '../../../../extension/engine/coordinator/request-context.ts';
import type { TopicDirectory } from '../../../../extension/engine/coordinator/topic-directory.ts';
import type { Logger } from '../../../../extension/engine/common/logger.ts';
import type { Random } from '../../../../extension/engine/common/random.ts';
import { deleteGroupsRequest } from '../../../../extension/protocol/generated/delete-groups-request.ts';
import { deleteGroupsResponse } from '../../../../extension/protocol/generated/delete-groups-response.ts';
import { describeGroupsRequest } from '../../../../extension/protocol/generated/describe-groups-request.ts';
import { describeGroupsResponse } from '../../../../extension/protocol/generated/describe-groups-response.ts';
import { heartbeatRequest } from '../../../../extension/protocol/generated/heartbeat-request.ts';
import { heartbeatResponse } from '../../../../extension/protocol/generated/heartbeat-response.ts';
import { joinGroupRequest } from '../../../../extension/protocol/generated/join-group-request.ts';
import { joinGroupResponse } from '../../../../extension/protocol/generated/join-group-response.ts';
import { leaveGroupRequest } from '../../../../extension/protocol/generated/leave-group-request.ts';
import { leaveGroupResponse } from '../../../../extension/protocol/generated/leave-group-response.ts';
import { listGroupsRequest } from '../../../../extension/protocol/generated/list-groups-request.ts';
import { listGroupsResponse } from '../../../../extension/protocol/generated/list-groups-response.ts';
import { offsetCommitRequest } from '../../../../extension/protocol/generated/offset-commit-request.ts';
import { offsetCommitResponse } from '../../../../extension/protocol/generated/offset-commit-response.ts';
import { offsetDeleteRequest } from '../../../../extension/protocol/generated/offset-delete-request.ts';
import { offsetDeleteResponse } from '../../../../extension/protocol/generated/offset-delete-response.ts';
import { offsetFetchRequest } from '../../../../extension/protocol/generated/offset-fetch-request.ts';
import { offsetFetchResponse } from '../../../../extension/protocol/generated/offset-fetch-response.ts';
import { syncGroupRequest } from '../../../../extension/protocol/generated/sync-group-request.ts';
import { syncGroupResponse } from '../../../../extension/protocol/generated/sync-group-response.ts';
import { decodeMessage, encodeMessage } from '../../../../extension/protocol/message-type.ts';
import type { MessageType } from '../../../../extension/protocol/message-type.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeCoordinatorLog } from './fake-coordinator-log.ts';

/** The group APIs: what they take and give. */
export const groupApis = {
  JoinGroup: { key: 11, request: joinGroupRequest, response: joinGroupResponse, method: 'joinGroup' },
  SyncGroup: { key: 14, request: syncGroupRequest, response: syncGroupResponse, method: 'syncGroup' },
  Heartbeat: { key: 12, request: heartbeatRequest, response: heartbeatResponse, method: 'heartbeat' },
  LeaveGroup: { key: 13, request: leaveGroupRequest, response: leaveGroupResponse, method: 'leaveGroup' },
  OffsetCommit: { key: 8, request: offsetCommitRequest, response: offsetCommitResponse, method: 'offsetCommit' },
  OffsetFetch: { key: 9, request: offsetFetchRequest, response: offsetFetchResponse, method: 'offsetFetch' },
  OffsetDelete: { key: 47, request: offsetDeleteRequest, response: offsetDeleteResponse, method: 'offsetDelete' },
  ListGroups: { key: 16, request: listGroupsRequest, response: listGroupsResponse, method: 'listGroups' },
  DescribeGroups: {
    key: 15,
    request: describeGroupsRequest,
    response: describeGroupsResponse,
    method: 'describeGroups',
  },
  DeleteGroups: { key: 42, request: deleteGroupsRequest, response: deleteGroupsResponse, method: 'deleteGroups' },
} as const;

export type GroupApi = keyof typeof groupApis;
export type RequestOf<A extends GroupApi> =
  (typeof groupApis)[A]['request'] extends MessageType<infer _T, infer I> ? I : never;
export type ResponseOf<A extends GroupApi> =
  (typeof groupApis)[A]['response'] extends MessageType<infer T, infer _I> ? T : never;

/** Topics that exist, with ids that are easy to see. */
export class FakeTopics implements TopicDirectory {
  readonly #ids = new Map<string, string>();

  add(name: string, id: string): void {
    this.#ids.set(name, id);
  }

  remove(name: string): void {
    this.#ids.delete(name);
  }

  topicId(name: string): string | undefined {
    return this.#ids.get(name);
  }

  topicName(id: string): string | undefined {
    return [...this.#ids].find(([, topicId]) => topicId === id)?.[0];
  }

  hasPartition(name: string, partition: number): boolean {
    return this.#ids.has(name) && partition >= 0 && partition < 3;
  }
}

export const ORDERS_ID = 'ordersordersordersor0A';
export const PAYMENTS_ID = 'paymentspaymentspaym0A';

/** Bytes that count up: no two ids are the same, every run the same. */
class CountingRandom implements Random {
  #next = 0;

  int(bound: number): number {
    return this.#next++ % bound;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    bytes.writeUInt32BE(this.#next++, length - 4);
    return bytes;
  }
}

export interface Lines extends Logger {
  readonly lines: string[];
}

export function recordingLogger(): Lines {
  const lines: string[] = [];
  const add = (level: string) => (message: string, error?: unknown) => {
    lines.push(`${level} ${message}${error === undefined ? '' : ` ${String(error)}`}`);
  };
  return { lines, debug: add('debug'), info: add('info'), warn: add('warn'), error: add('error') };
}

/** A group coordinator with all that it needs, and a client's way of calling it: through the codecs, in any version. */
export class CoordinatorFixture {
  readonly clock = new FakeClock();
  readonly topics = new FakeTopics();
  readonly logger = recordingLogger();
  readonly log: FakeCoordinatorLog;
  readonly service: GroupCoordinatorService;
  readonly numPartitions: number;
  readonly #random = new CountingRandom();

  constructor(
    config: Partial<GroupCoordinatorConfig> = {},
    log: FakeCoordinatorLog = new FakeCoordinatorLog(),
    numPartitions = 3,
  ) {
    this.log = log;
    this.numPartitions = numPartitions;
    this.topics.add('orders', ORDERS_ID);
    this.topics.add('payments', PAYMENTS_ID);
    this.service = new GroupCoordinatorService({
      config: { ...defaultGroupCoordinatorConfig, groupInitialRebalanceDelayMs: 0, ...config },
      log,
      topics: this.topics,
      clock: this.clock,
      random: this.#random,
      logger: this.logger,
    });
  }

  /** Leads all partitions. */
  async start(): Promise<this> {
    this.service.startup(this.numPartitions);
    const loads = Array.from({ length: this.numPartitions }, (_, partition) => this.service.onElection(partition, 1));
    await this.clock.advance();
    await Promise.all(loads);
    return this;
  }

  /** A copy of the log under a new coordinator, as after a restart. */
  restart(config: Partial<GroupCoordinatorConfig> = {}): Promise<CoordinatorFixture> {
    const next = new CoordinatorFixture(config, this.log.copy(), this.numPartitions);
    next.clock.setWallClock(this.clock.nowMs());
    return next.start();
  }

  /** Sends a request; the promise may have to wait for others, or for the clock. */
  async send<A extends GroupApi>(
    api: A,
    version: number,
    message: RequestOf<A>,
    context: Partial<RequestContext> = {},
  ): Promise<ResponseOf<A>> {
    const { request, response, method } = groupApis[api];
    const requestType = request as unknown as MessageType<unknown, RequestOf<A>>;
    const responseType = response as unknown as MessageType<ResponseOf<A>, unknown>;
    const call = this.service[method].bind(this.service) as (c: RequestContext, r: unknown) => Promise<unknown>;
    const decoded = decodeMessage(requestType, encodeMessage(requestType, message, version), version);
    const answer = await call(
      { apiVersion: version, clientId: 'client', clientHost: '127.0.0.1', principal: 'User:ANONYMOUS', ...context },
      decoded,
    );
    return decodeMessage(responseType, encodeMessage(responseType, answer, version), version);
  }

  /** Sends a request and lets everything happen that needs no time. */
  async call<A extends GroupApi>(
    api: A,
    version: number,
    message: RequestOf<A>,
    context: Partial<RequestContext> = {},
  ): Promise<ResponseOf<A>> {
    const pending = this.send(api, version, message, context);
    await this.clock.advance();
    return pending;
  }
}
