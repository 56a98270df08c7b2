import type { BrokerStateInput } from '../../../../extension/protocol/generated/alter-partition-request.ts';
import { errorName } from '../../../../extension/protocol/errors.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { fenceRecords, heartbeat } from '../../../../extension/engine/metadata/broker-control.ts';
import type { ConfigValues } from '../../../../extension/engine/metadata/config-resolver.ts';
import { alterPartition } from '../../../../extension/engine/metadata/isr-control.ts';
import type { PartitionRegistration } from '../../../../extension/engine/metadata/partition-registration.ts';
import { createTopics } from '../../../../extension/engine/metadata/topic-control.ts';
import { clusterImage, Deciding } from './metadata-fixture.ts';
import type { BrokerShape } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };

/** The code that an action fails with, by name; 'NONE' when it does not. */
export function refusal(act: () => unknown): string {
  try {
    act();
    return 'NONE';
  } catch (error) {
    if (error instanceof ApiError) return errorName(error.code);
    throw error;
  }
}

export interface TopicShape {
  /** By partition, in assignment order. */
  readonly replicas: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

export interface IsrShape {
  readonly leaderEpoch?: number;
  readonly partitionEpoch?: number;
  readonly leaderRecoveryState?: number;
  readonly brokerId?: number;
  readonly brokerEpoch?: number;
  readonly partitionIndex?: number;
  readonly topicId?: string;
  /** With epochs; otherwise each broker's current one. */
  readonly isr?: readonly BrokerStateInput[];
}

/** A cluster whose decisions are replayed at once. A broker's epoch is ten times its id. */
export class Cluster extends Deciding {
  constructor(brokers: readonly (number | BrokerShape)[] = [1, 2, 3], config: ConfigValues = {}) {
    super(clusterImage(...brokers), config);
  }

  topic(name: string, { replicas, configs = {} }: TopicShape): string {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({
      partitionIndex,
      brokerIds: [...brokerIds],
      ...none,
    }));
    const topic = {
      ...{ name, numPartitions: -1, replicationFactor: -1, assignments, ...none },
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value, ...none })),
    };
    const { topics } = this.decide(
      createTopics(this.context, { topics: [topic], timeoutMs: 1, validateOnly: false, ...none }),
    );
    if (topics[0]?.errorCode !== 0) throw new Error(topics[0]?.errorMessage ?? 'no topic');
    return this.image.topics.get(name)!.id;
  }

  partition(name: string, partition = 0): PartitionRegistration {
    return this.image.topics.partition(name, partition)!;
  }

  /** Leader, ISR and ELR in short. */
  state(name: string, partition = 0): string {
    const { leader, isr, elr } = this.partition(name, partition);
    return `${leader} [${isr.join()}]${elr.length > 0 ? ` elr [${elr.join()}]` : ''}`;
  }

  fence(broker: number): void {
    this.decide({ records: fenceRecords(this.context, this.image.cluster.brokers.get(broker)!), response: undefined });
  }

  beat(brokerId: number, shape: { readonly wantShutDown?: boolean; readonly wantFence?: boolean } = {}) {
    return this.decide(
      heartbeat(this.context, {
        ...{ brokerId, brokerEpoch: brokerId * 10, currentMetadataOffset: 1_000_000, offlineLogDirs: [], ...none },
        ...{ wantFence: false, wantShutDown: false, cordonedLogDirs: null, ...shape },
      }),
    );
  }

  /** What the leader of a topic's first partition says of its ISR. Answers the error's name. */
  alterIsr(name: string, isr: readonly number[], shape: IsrShape = {}): string {
    const { leader, leaderEpoch, partitionEpoch } = this.partition(name);
    const { brokerId = leader, partitionIndex = 0, topicId = this.image.topics.get(name)!.id } = shape;
    const states = shape.isr ?? isr.map((id) => ({ brokerId: id, brokerEpoch: id * 10 }));
    const partition = {
      ...{ partitionIndex, leaderEpoch: shape.leaderEpoch ?? leaderEpoch, ...none },
      ...{ partitionEpoch: shape.partitionEpoch ?? partitionEpoch, newIsr: [] },
      newIsrWithEpochs: states.map(({ brokerId: id = -1, brokerEpoch = -1 }) => ({
        ...{ brokerId: id, brokerEpoch, ...none },
      })),
      leaderRecoveryState: shape.leaderRecoveryState ?? 0,
    };
    const { topics } = this.decide(
      alterPartition(this.context, {
        ...{ brokerId, brokerEpoch: shape.brokerEpoch ?? brokerId * 10, ...none },
        topics: [{ topicId, partitions: [partition], ...none }],
      }),
    );
    return errorName(topics[0]!.partitions[0]!.errorCode);
  }
}
