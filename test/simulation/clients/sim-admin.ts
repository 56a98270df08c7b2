import { ErrorCode, errorName } from '../../../extension/protocol/errors.ts';
import { addRaftVoterRequest } from '../../../extension/protocol/generated/add-raft-voter-request.ts';
import { addRaftVoterResponse } from '../../../extension/protocol/generated/add-raft-voter-response.ts';
import { alterPartitionReassignmentsRequest } from '../../../extension/protocol/generated/alter-partition-reassignments-request.ts';
import { alterPartitionReassignmentsResponse } from '../../../extension/protocol/generated/alter-partition-reassignments-response.ts';
import { createTopicsRequest } from '../../../extension/protocol/generated/create-topics-request.ts';
import { createTopicsResponse } from '../../../extension/protocol/generated/create-topics-response.ts';
import { deleteTopicsRequest } from '../../../extension/protocol/generated/delete-topics-request.ts';
import { deleteTopicsResponse } from '../../../extension/protocol/generated/delete-topics-response.ts';
import { describeQuorumRequest } from '../../../extension/protocol/generated/describe-quorum-request.ts';
import { describeQuorumResponse } from '../../../extension/protocol/generated/describe-quorum-response.ts';
import { electLeadersRequest } from '../../../extension/protocol/generated/elect-leaders-request.ts';
import { electLeadersResponse } from '../../../extension/protocol/generated/elect-leaders-response.ts';
import { incrementalAlterConfigsRequest } from '../../../extension/protocol/generated/incremental-alter-configs-request.ts';
import { incrementalAlterConfigsResponse } from '../../../extension/protocol/generated/incremental-alter-configs-response.ts';
import { metadataRequest } from '../../../extension/protocol/generated/metadata-request.ts';
import { metadataResponse } from '../../../extension/protocol/generated/metadata-response.ts';
import { removeRaftVoterRequest } from '../../../extension/protocol/generated/remove-raft-voter-request.ts';
import { removeRaftVoterResponse } from '../../../extension/protocol/generated/remove-raft-voter-response.ts';
import type { SimClient } from './sim-client.ts';

const RETRY_MS = 200;
const TIMEOUT_MS = 2_000;
const TOPIC_RESOURCE = 2;
const SET = 0;
const PREFERRED = 0;
const METADATA_TOPIC = '__cluster_metadata';

/** What the leader of the quorum says of it. */
export interface QuorumView {
  readonly leader: number;
  readonly epoch: number;
  readonly highWatermark: number;
  readonly voters: readonly { readonly id: number; readonly directoryId: string }[];
}

/** Changes the cluster, and remembers what it was told has changed. */
export class SimAdmin {
  readonly #client: SimClient;
  /** Topics that were created and not deleted since; only what is certain. */
  readonly topics = new Set<string>();
  readonly #busy = new Set<string>();

  constructor(client: SimClient) {
    this.#client = client;
  }

  /** Whether a topic is being created or deleted. */
  isBusy(topic: string): boolean {
    return this.#busy.has(topic);
  }

  get isBusyAtAll(): boolean {
    return this.#busy.size > 0;
  }

  /** Creates a topic; resolves when it exists for certain. */
  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#busy.add(name);
    for (;;) {
      const answer = await this.#client.askAny(
        createTopicsRequest,
        createTopicsResponse,
        {
          topics: [
            {
              name,
              numPartitions: partitions,
              replicationFactor: 3,
              assignments: [],
              configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
            },
          ],
          timeoutMs: TIMEOUT_MS,
        },
        { timeoutMs: TIMEOUT_MS + 1_000 },
      );
      const code = answer?.topics[0]?.errorCode;
      if (code === ErrorCode.NONE || code === ErrorCode.TOPIC_ALREADY_EXISTS) break;
      // With too few brokers alive there is no room for three replicas.
      if (code !== undefined && code !== ErrorCode.INVALID_REPLICATION_FACTOR) {
        this.#client.expectRetriable(code, 'CreateTopics');
      }
      await this.#client.clock.sleep(RETRY_MS);
    }
    this.topics.add(name);
    this.#busy.delete(name);
    this.#say(`has created ${name} with ${partitions} partitions`);
  }

  /** By its id: a request that is late must not delete what was created since under the same name. */
  async deleteTopic(name: string): Promise<void> {
    this.topics.delete(name);
    this.#busy.add(name);
    let topicId: string | undefined;
    while ((topicId = await this.#idOf(name)) === undefined) await this.#client.clock.sleep(RETRY_MS);
    for (;;) {
      const answer = await this.#client.askAny(deleteTopicsRequest, deleteTopicsResponse, {
        topics: [{ name: null, topicId }],
        timeoutMs: TIMEOUT_MS,
      });
      const code = answer?.responses[0]?.errorCode;
      if (code === ErrorCode.NONE || code === ErrorCode.UNKNOWN_TOPIC_ID) break;
      if (code !== undefined) this.#client.expectRetriable(code, 'DeleteTopics');
      await this.#client.clock.sleep(RETRY_MS);
    }
    this.#busy.delete(name);
    this.#say(`has deleted ${name}`);
  }

  async #idOf(topic: string): Promise<string | undefined> {
    const answer = await this.#client.askAny(metadataRequest, metadataResponse, { topics: [{ name: topic }] });
    const found = answer?.topics[0];
    return found?.errorCode === ErrorCode.NONE ? found.topicId : undefined;
  }

  /** Asks once for another assignment; what comes of it shows at the end. */
  async reassign(topic: string, partition: number, replicas: readonly number[] | null): Promise<void> {
    const answer = await this.#client.askAny(alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse, {
      timeoutMs: TIMEOUT_MS,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, replicas }] }],
    });
    const code = answer?.responses[0]?.partitions[0]?.errorCode ?? answer?.errorCode;
    this.#say(`asks for ${topic}-${partition} on ${replicas?.join() ?? 'what it had'}: ${outcome(code)}`);
  }

  async elect(topic: string, partition: number): Promise<void> {
    const answer = await this.#client.askAny(electLeadersRequest, electLeadersResponse, {
      electionType: PREFERRED,
      topicPartitions: [{ topic, partitions: [partition] }],
      timeoutMs: TIMEOUT_MS,
    });
    const code = answer?.replicaElectionResults[0]?.partitionResult[0]?.errorCode ?? answer?.errorCode;
    this.#say(`asks for the preferred leader of ${topic}-${partition}: ${outcome(code)}`);
  }

  async setConfig(topic: string, name: string, value: string): Promise<void> {
    const answer = await this.#client.askAny(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, {
      resources: [
        { resourceType: TOPIC_RESOURCE, resourceName: topic, configs: [{ name, configOperation: SET, value }] },
      ],
      validateOnly: false,
    });
    this.#say(`sets ${name}=${value} of ${topic}: ${outcome(answer?.responses[0]?.errorCode)}`);
  }

  /** Who leads the quorum and how far the metadata is committed; undefined when nobody could say. */
  async quorum(): Promise<QuorumView | undefined> {
    const answer = await this.#client.askAny(describeQuorumRequest, describeQuorumResponse, {
      topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }],
    });
    const found = answer?.topics[0]?.partitions[0];
    if (answer?.errorCode !== ErrorCode.NONE || found?.errorCode !== ErrorCode.NONE) return undefined;
    const voters = found.currentVoters.map(({ replicaId, replicaDirectoryId }) => ({
      ...{ id: replicaId, directoryId: replicaDirectoryId },
    }));
    return { leader: found.leaderId, epoch: found.leaderEpoch, highWatermark: found.highWatermark, voters };
  }

  async addVoter(
    clusterId: string,
    id: number,
    at: { directoryId: string; host: string; port: number },
  ): Promise<void> {
    const { directoryId, host, port } = at;
    const answer = await this.#client.askAny(addRaftVoterRequest, addRaftVoterResponse, {
      ...{ clusterId, voterId: id, voterDirectoryId: directoryId, timeoutMs: TIMEOUT_MS },
      listeners: [{ name: 'CONTROLLER', host, port }],
    });
    this.#say(`adds voter ${id}: ${outcome(answer?.errorCode)} ${answer?.errorMessage ?? ''}`);
  }

  async removeVoter(clusterId: string, voter: { id: number; directoryId: string }): Promise<void> {
    const answer = await this.#client.askAny(removeRaftVoterRequest, removeRaftVoterResponse, {
      ...{ clusterId, voterId: voter.id, voterDirectoryId: voter.directoryId },
    });
    this.#say(`removes voter ${voter.id}: ${outcome(answer?.errorCode)} ${answer?.errorMessage ?? ''}`);
  }

  /** The topics that one broker knows; undefined when it does not answer. */
  async topicsOf(broker: number): Promise<ReadonlySet<string> | undefined> {
    const answer = await this.#client.ask(broker, metadataRequest, metadataResponse, { topics: null });
    if (answer === undefined) return undefined;
    return new Set(answer.topics.map(({ name }) => name ?? ''));
  }

  #say(what: string): void {
    this.#client.world.trace(this.#client.name, what);
  }
}

function outcome(code: number | undefined): string {
  if (code === undefined) return 'no answer';
  return code === ErrorCode.NONE ? 'done' : errorName(code);
}
