import { isInternalTopic } from '../../metadata/topic-names.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { type ProduceRequest, produceRequest } from '../../../protocol/generated/produce-request.ts';
import {
  type PartitionProduceResponseInput,
  produceResponse,
  type ProduceResponseInput,
} from '../../../protocol/generated/produce-response.ts';
import { CompressionType } from '../../../records/compression-type.ts';
import { BATCH_HEADER_SIZE, CURRENT_MAGIC } from '../../../records/record-batch-layout.ts';
import { batchSize, codecId, isTransactional, magic } from '../../../records/record-batch.ts';
import { ApiError } from '../../common/api-error.ts';
import type { Clock, Timer } from '../../common/clock.ts';
import type { LogAppendInfo } from '../../log/partition-log.ts';
import { defineHandler, type RequestContext } from '../../server/api-handler.ts';
import { UnanswerableRequestError } from '../../server/request-processor.ts';
import { currentLeader, nodeEndpoints } from '../current-leader.ts';
import { InvalidRecordsError } from '../../log/invalid-records-error.ts';
import type { Partition } from '../partition.ts';
import type { ReplicaManager } from '../replica-manager.ts';

/** Kafka's own tools may repair internal topics under this client id. */
const ADMIN_CLIENT_ID = '__admin_client';

/** Shortest possible batch: the length field, epoch and magic must be there to say what is wrong. */
const MIN_BATCH_BYTES = BATCH_HEADER_SIZE;

/** Errors that Kafka answers without the partition's log start offset. */
const WITHOUT_LOG_START: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.RECORD_LIST_TOO_LARGE,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.KAFKA_STORAGE_ERROR,
]);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type PartitionAnswer = Mutable<PartitionProduceResponseInput>;

/**
 * Produce, versions 3–13. 7: zstd allowed. 8: record errors (KIP-467). 10: current leader (KIP-951). 12: transactional
 * partitions are added implicitly (KIP-890). 13: topic ids.
 *
 * Appends happen before the handler returns, in request order; the answer leaves when the bytes are written (acks 1), when
 * all in-sync replicas have them (acks -1), or never (acks 0, where an error closes the connection instead).
 */
export function produceHandler(replicas: ReplicaManager, clock: Clock) {
  return defineHandler(produceRequest, produceResponse, {
    pipelined: true,
    // The log copies records when it takes them: whoever waits before that has to copy them first.
    borrowsRequest: true,
    handle: (request, context) => new ProduceOperation(replicas, clock, request, context).run(),
  });
}

class ProduceOperation {
  readonly #replicas: ReplicaManager;
  readonly #clock: Clock;
  readonly #request: ProduceRequest;
  readonly #context: RequestContext;
  readonly #topics: { name: string; topicId: string; partitionResponses: PartitionAnswer[] }[] = [];
  readonly #leadersToName: number[] = [];
  /** Partitions that have not been decided yet, and one for the request itself while it is being read. */
  #pending = 1;
  #failed = false;
  #settle: (() => void) | undefined;

  constructor(replicas: ReplicaManager, clock: Clock, request: ProduceRequest, context: RequestContext) {
    this.#replicas = replicas;
    this.#clock = clock;
    this.#request = request;
    this.#context = context;
  }

  run(): ProduceResponseInput | undefined | Promise<ProduceResponseInput | undefined> {
    for (const topic of this.#request.topicData) {
      const partitionResponses: PartitionAnswer[] = [];
      this.#topics.push({ name: topic.name, topicId: topic.topicId, partitionResponses });
      for (const data of topic.partitionData) {
        const answer: PartitionAnswer = {
          index: data.index,
          errorCode: ErrorCode.NONE,
          baseOffset: -1,
          logStartOffset: -1,
        };
        partitionResponses.push(answer);
        this.#append(topic.name, topic.topicId, data.index, data.records, answer);
      }
    }
    this.#pending--;
    if (this.#pending === 0) return this.#response();
    return new Promise((resolve, reject) => {
      this.#settle = () => {
        try {
          resolve(this.#response());
        } catch (error) {
          reject(error as Error);
        }
      };
    });
  }

  #append(name: string, topicId: string, index: number, records: Buffer | null, answer: PartitionAnswer): void {
    let topic = name;
    let partition: Partition | undefined;
    try {
      this.#checkAcks();
      topic = this.#replicas.nameOf(name, topicId);
      const found = this.#replicas.find(topic, index);
      if (isInternalTopic(topic) && this.#context.clientId !== ADMIN_CLIENT_ID) {
        throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `${topic} is written by brokers only`);
      }
      const batch = checkBatch(records, this.#request, this.#context.apiVersion);
      partition = found;
      const { acks } = this.#request;
      this.#pending++;
      let info: LogAppendInfo;
      try {
        info = found.appendAsLeader(batch, acks, 'client', (error) => {
          if (error !== undefined) this.#fail(answer, topic, error);
          else if (acks === -1) return this.#awaitReplication(found, info.lastOffset + 1, topic, answer);
          this.#done();
        });
      } catch (error) {
        this.#pending--;
        throw error;
      }
      answer.baseOffset = info.firstOffset;
      answer.logAppendTimeMs = info.logAppendTimeMs;
      answer.logStartOffset = info.logStartOffset;
    } catch (error) {
      this.#fail(answer, topic, error);
      const known = partition !== undefined && error instanceof ApiError && !WITHOUT_LOG_START.has(error.code);
      if (known) answer.logStartOffset = partition!.log.logStartOffset;
    }
  }

  #checkAcks(): void {
    const { acks } = this.#request;
    if (acks < -1 || acks > 1) {
      throw new ApiError(ErrorCode.INVALID_REQUIRED_ACKS, `acks is ${acks}; it must be 0, 1 or -1 (all)`);
    }
  }

  /** Waits until all in-sync replicas have the records, the leader changes, or the request's time is over. */
  #awaitReplication(partition: Partition, requiredOffset: number, topic: string, answer: PartitionAnswer): void {
    if (partition.isCommitted(requiredOffset)) {
      const error = partition.tooFewReplicas();
      if (error !== undefined) this.#fail(answer, topic, error);
      return this.#done();
    }
    const epoch = partition.leaderEpoch;
    const finish = (error?: ApiError): void => {
      unwatch();
      timer.cancel();
      if (error !== undefined) this.#fail(answer, topic, error);
      this.#done();
    };
    const unwatch = partition.watch(() => {
      if (!partition.isLeader || partition.leaderEpoch !== epoch) {
        finish(new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER));
      } else if (partition.isCommitted(requiredOffset)) finish(partition.tooFewReplicas());
    });
    const timer: Timer = this.#clock.schedule(this.#request.timeoutMs, () =>
      finish(
        new ApiError(
          ErrorCode.REQUEST_TIMED_OUT,
          `the in-sync replicas of ${topic}-${partition.partition} did not all write it within ${this.#request.timeoutMs} ms`,
        ),
      ),
    );
  }

  #fail(answer: PartitionAnswer, topic: string, error: unknown): void {
    // Anything but an ApiError is a defect: let the whole request fail, and the log say why.
    if (!(error instanceof ApiError)) throw error;
    this.#failed = true;
    answer.errorCode = error.code;
    answer.baseOffset = -1;
    answer.logAppendTimeMs = -1;
    answer.logStartOffset = -1;
    const { apiVersion } = this.#context;
    if (apiVersion >= 8) {
      // What only repeats the code's name tells a client nothing that the code does not.
      if (error.message !== errorName(error.code)) answer.errorMessage = error.message;
      if (error instanceof InvalidRecordsError) {
        answer.recordErrors = error.recordErrors.map(({ batchIndex, message }) => ({
          batchIndex,
          batchIndexErrorMessage: message,
        }));
      }
    }
    if (error.code === ErrorCode.NOT_LEADER_OR_FOLLOWER && apiVersion >= 10) {
      const leader = currentLeader(this.#replicas.image, topic, answer.index);
      if (leader === undefined) return;
      answer.currentLeader = leader;
      this.#leadersToName.push(leader.leaderId);
    }
  }

  #done(): void {
    this.#pending--;
    if (this.#pending === 0) this.#settle?.();
  }

  #response(): ProduceResponseInput | undefined {
    if (this.#request.acks === 0) {
      if (this.#failed) throw new UnanswerableRequestError('a produce with acks=0 failed; closing tells the producer');
      return undefined;
    }
    const endpoints = nodeEndpoints(this.#replicas.image, this.#leadersToName, this.#context.listenerName);
    return { responses: this.#topics, ...(endpoints.length > 0 ? { nodeEndpoints: endpoints } : {}) };
  }
}

/** What a produce request may carry for one partition: exactly one batch of the current format. */
function checkBatch(records: Buffer | null, request: ProduceRequest, apiVersion: number): Buffer {
  if (records === null || records.length < MIN_BATCH_BYTES) {
    throw new ApiError(ErrorCode.INVALID_RECORD, 'a produce request must have one whole record batch per partition');
  }
  const version = magic(records, 0);
  if (version !== CURRENT_MAGIC) {
    throw new ApiError(
      version >= 0 && version < CURRENT_MAGIC ? ErrorCode.INVALID_RECORD : ErrorCode.CORRUPT_MESSAGE,
      `record batches of magic ${version} are not accepted, only of magic ${CURRENT_MAGIC}`,
    );
  }
  const size = batchSize(records, 0);
  if (size >= MIN_BATCH_BYTES && size + MIN_BATCH_BYTES <= records.length) {
    const second = records.subarray(size);
    const isBatch =
      batchSize(second, 0) >= MIN_BATCH_BYTES && magic(second, 0) >= 0 && magic(second, 0) <= CURRENT_MAGIC;
    if (!isBatch) throw new ApiError(ErrorCode.CORRUPT_MESSAGE, 'the record batch is shorter than its bytes');
    throw new ApiError(ErrorCode.INVALID_RECORD, 'a produce request may have only one record batch per partition');
  }
  if (apiVersion < 7 && codecId(records, 0) === CompressionType.zstd) {
    throw new ApiError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 'zstd needs Produce version 7 or later');
  }
  if (isTransactional(records, 0)) {
    if (request.transactionalId === null) throw new ApiError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    throw new ApiError(
      ErrorCode.INVALID_TXN_STATE,
      'no transaction is open: this broker does not coordinate transactions',
    );
  }
  return records;
}
