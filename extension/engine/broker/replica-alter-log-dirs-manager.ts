import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import { temporaryDirectoryName } from '../log/log-file-names.ts';
import { LogDirMove, type LogDirMoveContext, type MovedReplica, Turns } from './log-dir-move.ts';

/** Longer folder names than Linux allows. */
const MAX_FOLDER_NAME = 255;
/** Chunks that are copied at once, over all moves. */
const PARALLEL_CHUNKS = 4;

/**
 * Keeps the log directories of this broker's replicas as they shall be: moves those that somebody wants elsewhere, goes on
 * with moves that the last stop interrupted, and tells the controller where each replica lies.
 */
export class ReplicaAlterLogDirsManager {
  readonly #context: LogDirMoveContext;
  readonly #isCordoned: (path: string) => boolean;
  readonly #moves = new Map<MovedReplica, LogDirMove>();

  /** `isCordoned`: whether the directory of that path shall get no further replicas. */
  constructor(context: Omit<LogDirMoveContext, 'turns'>, isCordoned: (path: string) => boolean = () => false) {
    this.#context = { ...context, turns: new Turns(PARALLEL_CHUNKS) };
    this.#isCordoned = isCordoned;
  }

  /**
   * Moves a replica to the directory of that path; the wish is remembered for one that is not here yet. `hosted` finds the
   * replica, or throws what says why not.
   *
   * @throws ApiError LOG_DIR_NOT_FOUND, KAFKA_STORAGE_ERROR, REPLICA_NOT_AVAILABLE, INVALID_TOPIC_EXCEPTION,
   *   UNKNOWN_TOPIC_OR_PARTITION, INVALID_REPLICA_ASSIGNMENT for a cordoned directory
   */
  alter(topic: string, partition: number, path: string, hosted: () => MovedReplica): void {
    const { logs } = this.#context;
    if (temporaryDirectoryName(topic, partition, 'future', '0'.repeat(32)).length > MAX_FOLDER_NAME) {
      throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, 'The topic name is too long.');
    }
    const directory = logs.directories.find((each) => each.path === path);
    if (directory === undefined) {
      throw new ApiError(ErrorCode.LOG_DIR_NOT_FOUND, `Log directory ${path} is not found in the config.`);
    }
    if (directory.failure !== undefined) {
      throw new ApiError(ErrorCode.KAFKA_STORAGE_ERROR, `Log directory ${path} is offline`);
    }
    if (this.#isCordoned(path)) {
      throw new ApiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `Log directory ${path} is cordoned`);
    }
    const current = logs.directoryOf(topic, partition);
    const future = logs.moves.get(topic, partition);
    if (current === undefined) logs.moves.wish(topic, partition, directory);
    const replica = orNotAvailable(hosted);
    if (future !== undefined && future.directory !== directory) {
      this.#moves.get(replica)?.cancel();
      logs.moves.cancel(topic, partition);
    }
    if (current === directory || logs.moves.get(topic, partition) !== undefined) return;
    logs.moves.create(topic, partition, directory);
    this.#start(replica);
  }

  /** A replica was opened, or the controller has said something new of it. */
  onPartition(partition: MovedReplica, assignedId: string | undefined): void {
    if (this.#moves.has(partition)) return;
    const { logs, assignments } = this.#context;
    const { topic, topicId, partition: index } = partition;
    if (logs.moves.get(topic, index) !== undefined) return this.#start(partition);
    const actualId = logs.directoryOf(topic, index)?.directoryId;
    if (actualId !== undefined && actualId !== assignedId) assignments.assign(topicId, index, actualId);
  }

  /** The replica is no more, or its directory has failed. */
  onDropped(partition: MovedReplica): void {
    this.#moves.get(partition)?.cancel();
  }

  /** A directory has failed: the moves into it have lost their copies. */
  onDirectoryFailed(): void {
    const { logs } = this.#context;
    for (const [partition, move] of [...this.#moves]) {
      if (logs.moves.get(partition.topic, partition.partition) === undefined) move.cancel();
    }
  }

  stop(): void {
    for (const move of [...this.#moves.values()]) move.stop();
  }

  #start(partition: MovedReplica): void {
    this.#moves.set(partition, new LogDirMove(this.#context, partition, () => this.#moves.delete(partition)));
  }
}

/** What AlterReplicaLogDirs has always called a replica that is not here. */
function orNotAvailable(hosted: () => MovedReplica): MovedReplica {
  try {
    return hosted();
  } catch (error) {
    if (error instanceof ApiError && error.code === ErrorCode.NOT_LEADER_OR_FOLLOWER) {
      throw new ApiError(ErrorCode.REPLICA_NOT_AVAILABLE, 'The replica is not on this broker.');
    }
    throw error;
  }
}
