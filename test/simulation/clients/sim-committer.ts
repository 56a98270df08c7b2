import { ErrorCode } from '../../../extension/protocol/errors.ts';
import { findCoordinatorRequest } from '../../../extension/protocol/generated/find-coordinator-request.ts';
import { findCoordinatorResponse } from '../../../extension/protocol/generated/find-coordinator-response.ts';
import { offsetCommitRequest } from '../../../extension/protocol/generated/offset-commit-request.ts';
import { offsetCommitResponse } from '../../../extension/protocol/generated/offset-commit-response.ts';
import { offsetFetchRequest } from '../../../extension/protocol/generated/offset-fetch-request.ts';
import { offsetFetchResponse } from '../../../extension/protocol/generated/offset-fetch-response.ts';
import { Violation } from '../world/sim-world.ts';
import type { SimClient } from './sim-client.ts';

const RETRY_MS = 150;
/** Versions with topic names. */
const COMMIT_VERSION = 9;
const FETCH_VERSION = 9;

/**
 * Commits offsets, one group each, and asks for them at the end: a committed offset survives like any record. A group is used
 * once, because a commit that is late by a lost connection may overtake the next one.
 */
export class SimCommitter {
  readonly #client: SimClient;
  readonly #topic: string;
  readonly #committed = new Set<number>();
  #isDone = false;

  constructor(client: SimClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  start(count: number, pauseMs: number): void {
    this.#client.run(async () => {
      for (let number = 1; number <= count; number++) {
        while (!(await this.#commit(number))) await this.#client.clock.sleep(RETRY_MS);
        this.#committed.add(number);
        await this.#client.clock.sleep(this.#client.random.between(0, pauseMs));
      }
      this.#isDone = true;
    });
  }

  /** At rest: every committed offset is known. */
  async check(): Promise<void> {
    for (const number of this.#committed) {
      let offset: number | undefined;
      while ((offset = await this.#fetch(number)) === undefined) await this.#client.clock.sleep(RETRY_MS);
      if (offset !== number) {
        throw new Violation(
          'a committed offset is never lost',
          `group-${number} committed ${number} and has ${offset}`,
        );
      }
    }
  }

  async #coordinator(group: string): Promise<number | undefined> {
    const answer = await this.#client.askAny(findCoordinatorRequest, findCoordinatorResponse, {
      keyType: 0,
      coordinatorKeys: [group],
    });
    const found = answer?.coordinators[0];
    if (found === undefined) return undefined;
    if (found.errorCode === ErrorCode.NONE) return found.nodeId;
    this.#client.expectRetriable(found.errorCode, 'FindCoordinator');
    return undefined;
  }

  async #commit(number: number): Promise<boolean> {
    const group = `group-${number}`;
    const coordinator = await this.#coordinator(group);
    if (coordinator === undefined) return false;
    const answer = await this.#client.ask(
      coordinator,
      offsetCommitRequest,
      offsetCommitResponse,
      {
        groupId: group,
        memberId: '',
        topics: [
          {
            name: this.#topic,
            partitions: [{ partitionIndex: 0, committedOffset: number, committedMetadata: null }],
          },
        ],
      },
      { maxVersion: COMMIT_VERSION, timeoutMs: 6_000 },
    );
    const code = answer?.topics[0]?.partitions[0]?.errorCode;
    if (code !== undefined && code !== ErrorCode.NONE) this.#client.expectRetriable(code, 'OffsetCommit');
    return code === ErrorCode.NONE;
  }

  async #fetch(number: number): Promise<number | undefined> {
    const group = `group-${number}`;
    const coordinator = await this.#coordinator(group);
    if (coordinator === undefined) return undefined;
    const topics = [{ name: this.#topic, partitionIndexes: [0] }];
    const answer = await this.#client.ask(
      coordinator,
      offsetFetchRequest,
      offsetFetchResponse,
      { groups: [{ groupId: group, topics }] },
      { maxVersion: FETCH_VERSION },
    );
    const found = answer?.groups[0];
    const partition = found?.topics[0]?.partitions[0];
    const code = found?.errorCode || partition?.errorCode;
    if (found === undefined || partition === undefined || code !== ErrorCode.NONE) {
      if (code !== undefined && code !== ErrorCode.NONE) this.#client.expectRetriable(code, 'OffsetFetch');
      return undefined;
    }
    return partition.committedOffset;
  }
}
