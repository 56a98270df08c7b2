import { beforeEach, describe, expect, it } from 'vitest';
import {
  AlterPartitionManager,
  type IsrDecision,
} from '../../../../extension/engine/broker/alter-partition-manager.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { AlterPartitionRequest } from '../../../../extension/protocol/generated/alter-partition-request.ts';
import type { AlterPartitionResponseInput } from '../../../../extension/protocol/generated/alter-partition-response.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const TOPIC_ID = 'EbXCsc7G191KBZxNLpy6Qw';

let clock: FakeClock;
let manager: AlterPartitionManager;
let requests: AlterPartitionRequest[];
let answer: ((outcome: AlterPartitionResponseInput | Error) => void) | undefined;
let decisions: string[];

beforeEach(() => {
  clock = new FakeClock();
  requests = [];
  decisions = [];
  answer = undefined;
  manager = new AlterPartitionManager({
    ...{ clock, logger: silentLogger, brokerId: 1, brokerEpoch: () => 7 },
    controller: {
      alterPartition(request) {
        requests.push(request);
        return new Promise((resolve, reject) => {
          answer = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
        });
      },
    },
  });
});

function propose(partition: number, isr: number[], name = String(partition)): void {
  manager.submit({
    ...{ topicId: TOPIC_ID, partition, leaderEpoch: 3, partitionEpoch: 5 },
    isr: isr.map((brokerId) => ({ brokerId, brokerEpoch: brokerId * 10 })),
    decided: ({ errorCode, isr: granted }: IsrDecision) => decisions.push(`${name}: ${errorCode} [${granted.join()}]`),
  });
}

function asked(): string[] {
  return requests.map(({ topics }) =>
    topics
      .flatMap(({ partitions }) => partitions)
      .map(({ partitionIndex, newIsrWithEpochs }) => {
        return `${partitionIndex}=[${newIsrWithEpochs.map(({ brokerId }) => brokerId).join()}]`;
      })
      .join(' '),
  );
}

async function grant(...partitions: [number, number[]][]): Promise<void> {
  answer?.({
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE },
    topics: [
      {
        topicId: TOPIC_ID,
        partitions: partitions.map(([partitionIndex, isr]) => ({
          ...{ partitionIndex, isr, errorCode: ErrorCode.NONE, leaderId: 1, leaderEpoch: 3, partitionEpoch: 6 },
        })),
      },
    ],
  });
  await clock.advance();
}

describe('AlterPartitionManager', () => {
  it('gathers what one turn brings, with the epochs of all', async () => {
    propose(0, [1, 2]);
    propose(1, [1, 3]);
    expect(requests).toEqual([]);
    await clock.advance();
    expect(asked()).toEqual(['0=[1,2] 1=[1,3]']);
    expect(requests[0]).toMatchObject({ brokerId: 1, brokerEpoch: 7 });
    expect(requests[0]!.topics[0]!.partitions[0]).toMatchObject({
      ...{ leaderEpoch: 3, partitionEpoch: 5 },
      newIsrWithEpochs: [
        { brokerId: 1, brokerEpoch: 10 },
        { brokerId: 2, brokerEpoch: 20 },
      ],
    });
    await grant([0, [1, 2]], [1, [1, 3]]);
    expect(decisions).toEqual(['0: 0 [1,2]', '1: 0 [1,3]']);
  });

  it('has one request under way; the last wish for a partition counts', async () => {
    propose(0, [1, 2]);
    await clock.advance();
    propose(1, [1], 'first');
    propose(1, [1, 2], 'second');
    await clock.advance(1000);
    expect(requests.length).toBe(1);
    await grant([0, [1, 2]]);
    expect(asked()).toEqual(['0=[1,2]', '1=[1,2]']);
    await grant([1, [1, 2]]);
    expect(decisions).toEqual(['0: 0 [1,2]', 'second: 0 [1,2]']);
  });

  it('asks again when the request fails, unless something newer is to be asked', async () => {
    propose(0, [1, 2], 'old');
    propose(1, [1]);
    await clock.advance();
    answer!(new ApiError(ErrorCode.NOT_CONTROLLER));
    propose(0, [1, 2, 3], 'new');
    await clock.advance(49);
    expect(requests.length).toBe(1);
    await clock.advance(1);
    expect(asked()[1]).toBe('0=[1,2,3] 1=[1]');
    answer!({ throttleTimeMs: 0, errorCode: ErrorCode.STALE_BROKER_EPOCH, topics: [] });
    await clock.advance(50);
    await grant([0, [1, 2, 3]], [1, [1]]);
    expect(decisions).toEqual(['new: 0 [1,2,3]', '1: 0 [1]']);
  });

  it('tells of a partition that was not answered', async () => {
    propose(0, [1, 2]);
    await clock.advance();
    await grant();
    expect(decisions).toEqual([`0: ${ErrorCode.UNKNOWN_SERVER_ERROR} []`]);
  });

  it('says nothing more once it is closed', async () => {
    propose(0, [1, 2]);
    await clock.advance();
    manager.close();
    await grant([0, [1, 2]]);
    propose(0, [1]);
    await clock.advance(1000);
    expect(decisions).toEqual([]);
    expect(requests.length).toBe(1);
  });
});
