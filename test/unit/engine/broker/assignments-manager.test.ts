import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { AssignReplicasToDirsRequest } from '../../../../extension/protocol/generated/assign-replicas-to-dirs-request.ts';
import type { AssignReplicasToDirsResponseInput } from '../../../../extension/protocol/generated/assign-replicas-to-dirs-response.ts';
import { AssignmentsManager } from '../../../../extension/engine/broker/assignments-manager.ts';
import { ApiError } from '../../../../extension/engine/common/api-error.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const TOPIC = 'AbCdEfGhIjKlMnOpQrStUg';
const A = 'ZGlyZWN0b3J5LW9mLWEtMQ';
const B = 'ZGlyZWN0b3J5LW9mLWItMg';

class Fixture {
  readonly clock = new FakeClock();
  readonly requests: AssignReplicasToDirsRequest[] = [];
  readonly accepted: string[] = [];
  brokerEpoch = 7;
  /** Partitions that the broker has no more. */
  readonly gone = new Set<number>();
  /** Codes of single partitions; NONE for others. */
  readonly codes = new Map<number, number>();
  answer: () => Promise<void> = () => Promise.resolve();
  isSupported = true;
  readonly manager = new AssignmentsManager({
    isSupported: () => this.isSupported,
    controller: { assignReplicasToDirs: (request) => this.#assign(request) },
    clock: this.clock,
    logger: silentLogger,
    brokerId: 1,
    brokerEpoch: () => this.brokerEpoch,
    hasReplica: (_, partition) => !this.gone.has(partition),
  });

  async #assign(request: AssignReplicasToDirsRequest): Promise<AssignReplicasToDirsResponseInput> {
    this.requests.push(request);
    await this.answer();
    const directories = request.directories.map(({ id, topics }) => ({
      id,
      topics: topics.map(({ topicId, partitions }) => ({
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: this.codes.get(partitionIndex) ?? ErrorCode.NONE,
        })),
      })),
    }));
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, directories };
  }

  assign(partition: number, directoryId: string): void {
    this.manager.assign(TOPIC, partition, directoryId, () => this.accepted.push(`${partition}:${directoryId}`));
  }

  /** What was asked, request by request, as `partition:directory`. */
  get asked(): string[][] {
    return this.requests.map(({ directories }) =>
      directories.flatMap(({ id, topics }) =>
        topics.flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => `${partitionIndex}:${id}`)),
      ),
    );
  }
}

describe('assignments of replicas to directories', () => {
  it('go out together, by directory and topic', async () => {
    const fixture = new Fixture();
    fixture.assign(0, A);
    fixture.assign(1, B);
    fixture.assign(2, A);
    await fixture.clock.advance();
    expect(fixture.asked).toEqual([[`0:${A}`, `2:${A}`, `1:${B}`]]);
    expect(fixture.requests[0]).toMatchObject({ brokerId: 1, brokerEpoch: 7 });
    expect(fixture.accepted).toEqual([`0:${A}`, `1:${B}`, `2:${A}`]);
    await fixture.clock.advance(60_000);
    expect(fixture.requests).toHaveLength(1);
  });

  it('go out in requests of a size that a controller takes', async () => {
    const fixture = new Fixture();
    for (let partition = 0; partition < 5000; partition++) fixture.assign(partition, A);
    await fixture.clock.advance();
    expect(fixture.asked.map((partitions) => partitions.length)).toEqual([2250, 2250, 500]);
    expect(fixture.accepted).toHaveLength(5000);
  });

  it('wait for the registration', async () => {
    const fixture = new Fixture();
    fixture.brokerEpoch = -1;
    fixture.assign(0, A);
    await fixture.clock.advance(1000);
    expect(fixture.requests).toEqual([]);
    fixture.brokerEpoch = 9;
    await fixture.clock.advance(10_000);
    expect(fixture.requests).toMatchObject([{ brokerEpoch: 9 }]);
  });

  it('are repeated, ever more slowly, until the controller takes them', async () => {
    const fixture = new Fixture();
    fixture.answer = () => Promise.reject(new ApiError(ErrorCode.NOT_CONTROLLER));
    fixture.assign(0, A);
    await fixture.clock.advance(750);
    expect(fixture.requests).toHaveLength(4);
    await fixture.clock.advance(60_000);
    expect(fixture.requests.length).toBeLessThan(16);
    fixture.answer = () => Promise.resolve();
    await fixture.clock.advance(10_000);
    expect(fixture.accepted).toEqual([`0:${A}`]);
  });

  it('are repeated alone where only some were refused, until the replica is gone', async () => {
    const fixture = new Fixture();
    fixture.codes.set(1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    fixture.assign(0, A);
    fixture.assign(1, A);
    await fixture.clock.advance(100);
    expect(fixture.asked).toEqual([[`0:${A}`, `1:${A}`], [`1:${A}`]]);
    fixture.gone.add(1);
    await fixture.clock.advance(60_000);
    expect(fixture.requests).toHaveLength(2);
    expect(fixture.clock.timerCount).toBe(0);
  });

  it('count as they were said last', async () => {
    const fixture = new Fixture();
    let answer = (): void => {};
    fixture.answer = () => new Promise((resolve) => (answer = resolve));
    fixture.assign(0, A);
    await fixture.clock.advance();
    fixture.assign(0, B);
    await fixture.clock.advance();
    expect(fixture.requests).toHaveLength(1);
    answer();
    await fixture.clock.advance();
    answer();
    await fixture.clock.advance();
    expect(fixture.asked).toEqual([[`0:${A}`], [`0:${B}`]]);
    expect(fixture.accepted).toEqual([`0:${B}`]);
  });

  it('are not worth a request where the metadata know no directories', async () => {
    const fixture = new Fixture();
    fixture.isSupported = false;
    fixture.assign(0, A);
    await fixture.clock.advance();
    expect(fixture.requests).toEqual([]);
    expect(fixture.accepted).toEqual([`0:${A}`]);
  });

  it('end with the broker', async () => {
    const fixture = new Fixture();
    fixture.answer = () => Promise.reject(new ApiError(ErrorCode.NOT_CONTROLLER));
    fixture.assign(0, A);
    await fixture.clock.advance();
    fixture.manager.stop();
    fixture.assign(1, A);
    await fixture.clock.advance(60_000);
    expect(fixture.requests).toHaveLength(1);
    expect(fixture.clock.timerCount).toBe(0);
  });
});
