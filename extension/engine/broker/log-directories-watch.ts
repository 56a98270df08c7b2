import type { Clock, Timer } from '../common/clock.ts';
import type { LentMemory } from '../common/lent-memory.ts';
import type { Logger } from '../common/logger.ts';
import type { LogDirectory } from '../log/log-directory.ts';
import type { LogManager } from '../log/log-manager.ts';
import type { ConfigResolver } from '../metadata/config-resolver.ts';
import type { Controller } from '../metadata/controller-port.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';
import { type MetadataVersion, metadataVersion } from '../metadata/metadata-version.ts';
import { AssignmentsManager } from './assignments-manager.ts';
import { ReplicaAlterLogDirsManager } from './replica-alter-log-dirs-manager.ts';

/** In `cordoned.log.dirs`: every directory. */
const ALL = '*';

export interface LogDirectoriesWatchOptions {
  readonly logs: LogManager;
  readonly controller: Controller;
  readonly resolver: ConfigResolver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lent: LentMemory;
  readonly brokerId: number;
  /** -1 before the broker is registered. */
  readonly brokerEpoch: () => number;
  readonly image: () => MetadataImage;
  /** A directory went offline and the broker goes on without it. The controller has to be told. */
  readonly onOffline: (directory: LogDirectory) => void;
  /** The broker cannot go on. */
  readonly onFatal: (error: Error) => void;
}

/** The log directories of a broker: which replica lies where, and what happens when one of them fails. */
export class LogDirectoriesWatch {
  readonly replicas: ReplicaAlterLogDirsManager;
  readonly #options: LogDirectoriesWatchOptions;
  readonly #assignments: AssignmentsManager;
  readonly #timers = new Set<Timer>();
  #closed = false;

  constructor(options: LogDirectoriesWatchOptions) {
    const { logs, controller, clock, logger, lent, brokerId, brokerEpoch, image, resolver } = options;
    this.#options = options;
    this.#assignments = new AssignmentsManager({
      ...{ controller, clock, logger, brokerId, brokerEpoch },
      isSupported: () => this.#version?.directories === true,
      hasReplica: (topicId, partition) =>
        image().topics.getById(topicId)?.partitions[partition]?.replicas.includes(brokerId) === true,
    });
    this.replicas = new ReplicaAlterLogDirsManager(
      {
        ...{ logs, clock, logger, lent, assignments: this.#assignments },
        maxBytesPerSecond: () =>
          resolver.brokerNumber(image().configs, 'replica.alter.log.dirs.io.max.bytes.per.second'),
      },
      (path) => this.isCordoned(path),
    );
  }

  /** Undefined before there are any metadata. */
  get #version(): MetadataVersion | undefined {
    const level = this.#options.image().features.metadataVersion;
    return level === 0 ? undefined : metadataVersion(level);
  }

  /** Ids of the directories that have failed since the broker registered them. */
  offlineIds(): string[] {
    const { directories } = this.#options.logs;
    return directories.flatMap(({ failure, directoryId }) => (failure === undefined ? [] : (directoryId ?? [])));
  }

  /** `cordoned.log.dirs` (KIP-1066), as it is now: the directory shall get no further replicas. */
  isCordoned(path: string): boolean {
    const { resolver, image } = this.#options;
    if (this.#version?.cordoned !== true) return false;
    const cordoned = (resolver.broker(image().configs, 'cordoned.log.dirs') ?? '')
      .split(',')
      .map((each) => each.trim());
    return cordoned.includes(ALL) || cordoned.includes(path);
  }

  /** Null where none is cordoned, nor ever was as far as the controller knows. */
  cordonedIds(): string[] | null {
    const { logs, image, brokerId } = this.#options;
    const cordoned = logs.directories.flatMap(({ path, directoryId }) =>
      directoryId !== undefined && this.isCordoned(path) ? [directoryId] : [],
    );
    const known = image().cluster.brokers.get(brokerId)?.cordonedDirectories ?? null;
    return cordoned.length === 0 && known === null ? null : cordoned;
  }

  /**
   * A directory has failed. Without the one that holds the metadata log, or without any, the broker ends; and also when the
   * controller does not hear of it within `log.dir.failure.timeout.ms`, for it would go on to count on what is lost.
   */
  onFailed(directory: LogDirectory, error: Error): void {
    if (this.#closed) return;
    const { logs, onOffline, onFatal, clock, resolver, image } = this.#options;
    this.replicas.onDirectoryFailed();
    onOffline(directory);
    if (directory === logs.directories[0]) {
      onFatal(
        new Error(`the log directory ${directory.path}, which holds the metadata log, has failed`, { cause: error }),
      );
      return;
    }
    const timeoutMs = resolver.brokerNumber(image().configs, 'log.dir.failure.timeout.ms');
    const timer = clock.schedule(timeoutMs, () => {
      this.#timers.delete(timer);
      if (!this.#isCountedOn(directory)) return;
      onFatal(
        new Error(`the controller could not be told within ${timeoutMs} ms that ${directory.path} has failed`, {
          cause: error,
        }),
      );
    });
    this.#timers.add(timer);
  }

  /** Whether the controller still believes that the directory is there. */
  #isCountedOn({ directoryId }: LogDirectory): boolean {
    const { image, brokerId } = this.#options;
    const online = image().cluster.brokers.get(brokerId)?.directories ?? [];
    return directoryId !== undefined && online.includes(directoryId);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.replicas.stop();
    this.#assignments.stop();
  }
}
