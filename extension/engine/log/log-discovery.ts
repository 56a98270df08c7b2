import type { ApiError } from '../common/api-error.ts';
import type { LogDirectory, OffsetsByPartition } from './log-directory.ts';
import { OffsetCheckpoint } from './log-directory.ts';
import type { LogDisposal } from './log-disposal.ts';
import type { LogEnvironment } from './log-environment.ts';
import { storageError } from './log-errors.ts';
import { directoryName, parseDirectoryName } from './log-file-names.ts';

/** The log of the quorum lies in the first directory like a partition, but belongs to the quorum alone. */
const METADATA_TOPIC = '__cluster_metadata';

/** What one directory says of its logs before they are opened. */
export interface DirectoryState {
  readonly directory: LogDirectory;
  readonly hadCleanShutdown: boolean;
  /** Of the broker that closed it; -1 where it was not closed, or does not say. */
  readonly brokerEpoch: number;
  readonly recoveryPoints: OffsetsByPartition;
  readonly logStartOffsets: OffsetsByPartition;
  readonly highWatermarks: OffsetsByPartition;
}

/** A partition's folder. */
export interface FoundLog {
  readonly state: DirectoryState;
  readonly topic: string;
  readonly partition: number;
  /** `topic-partition`. */
  readonly name: string;
  readonly path: string;
  /** A copy that was to take the place of the log in another directory. */
  readonly isFuture: boolean;
}

/** What lies in the folders of one log directory. */
interface Discovery {
  readonly logs: FoundLog[];
  /** Folders of deleted logs, which may go. */
  readonly deleted: string[];
  /** Folders that were set aside. */
  readonly strays: string[];
}

/** Reads the checkpoints, and takes the mark of a clean shutdown. Throws what the file system throws. */
function readDirectoryState(directory: LogDirectory): DirectoryState {
  const { wasClean, brokerEpoch } = directory.takeCleanShutdown();
  return {
    directory,
    hadCleanShutdown: wasClean,
    brokerEpoch,
    recoveryPoints: directory.readOffsets(OffsetCheckpoint.recoveryPoint),
    logStartOffsets: directory.readOffsets(OffsetCheckpoint.logStartOffset),
    highWatermarks: directory.readOffsets(OffsetCheckpoint.highWatermark),
  };
}

/** Sorts the folders of a log directory; what is no partition's folder is passed over. */
function discover(state: DirectoryState, names: readonly string[]): Discovery {
  const found: Discovery = { logs: [], deleted: [], strays: [] };
  for (const folder of names) {
    const parsed = parseDirectoryName(folder);
    if (parsed === undefined || parsed.topic === METADATA_TOPIC) continue;
    const path = `${state.directory.path}/${folder}`;
    const { topic, partition } = parsed;
    if (parsed.state === 'delete') found.deleted.push(path);
    else if (parsed.state === 'stray') found.strays.push(path);
    else {
      const isFuture = parsed.state === 'future';
      found.logs.push({ state, topic, partition, name: directoryName(topic, partition), path, isFuture });
    }
  }
  return found;
}

/**
 * Finds logs that lie in two directories, as a stop between the two renames of a move leaves them: of each, all but the
 * one in the directory that the controller assigned, if it is one of them.
 */
function supersededLogs(
  logs: readonly FoundLog[],
  assignedDirectory: (topic: string, partition: number) => string | undefined,
): FoundLog[] {
  const byName = new Map<string, FoundLog[]>();
  for (const found of logs) {
    if (found.isFuture) continue;
    const same = byName.get(found.name);
    if (same === undefined) byName.set(found.name, [found]);
    else same.push(found);
  }
  const superseded: FoundLog[] = [];
  for (const same of byName.values()) {
    if (same.length === 1) continue;
    const assigned = assignedDirectory(same[0]!.topic, same[0]!.partition);
    const kept = same.find(({ state }) => assigned !== undefined && state.directory.directoryId === assigned);
    if (kept !== undefined) superseded.push(...same.filter((each) => each !== kept));
  }
  return superseded;
}

/** What {@link findLogs} looks at, and whom it tells. */
export interface LogSearch {
  readonly environment: LogEnvironment;
  readonly directories: readonly LogDirectory[];
  readonly disposal: LogDisposal;
  /** The id of the directory that the controller knows a replica in. */
  readonly assignedDirectory: (topic: string, partition: number) => string | undefined;
  failDirectory(directory: LogDirectory, error: ApiError): void;
}

/**
 * All logs in the directories of a broker. Folders of deleted ones go; those that have moved to another directory are set
 * aside.
 */
export function findLogs({
  environment,
  directories,
  disposal,
  assignedDirectory,
  failDirectory,
}: LogSearch): FoundLog[] {
  const { fileSystem, logger } = environment;
  const found: FoundLog[] = [];
  for (const directory of directories) {
    try {
      const state = readDirectoryState(directory);
      const { logs, deleted, strays } = discover(state, fileSystem.readdirSync(directory.path));
      found.push(...logs);
      for (const path of deleted) disposal.removeTree(path);
      for (const path of strays) logger.warn(`${path} is left alone: it is a stray replica`);
    } catch (error) {
      failDirectory(directory, storageError(`reading the log directory ${directory.path} failed`, error));
    }
  }
  const superseded = new Set(supersededLogs(found, assignedDirectory));
  for (const { topic, partition, path, state } of superseded) {
    logger.warn(`${path} is set aside: the log of ${topic}-${partition} was moved to another directory`);
    disposal.rename({ directory: state.directory, path, topic, partition }, 'stray');
  }
  return found.filter((each) => !superseded.has(each));
}
