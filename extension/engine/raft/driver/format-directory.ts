import type { Clock } from '../../common/clock.ts';
import type { FileSystem } from '../../common/file-system.ts';
import { randomUuid } from '../../common/random.ts';
import type { Random } from '../../common/random.ts';
import { MetaPropertiesError, readMetaProperties, writeMetaProperties } from '../../log/meta-properties.ts';
import type { MetaProperties } from '../../log/meta-properties.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type { VoterEndpoint } from '../raft-ports.ts';
import { VoterSet } from '../voter-set.ts';
import type { VoterAddress, VoterNode } from '../voter-set.ts';
import { readSnapshot, snapshotName, writeSnapshotSync } from './snapshots.ts';

export const METADATA_TOPIC = '__cluster_metadata';
/** Folder of the metadata log inside the first log directory. */
export const METADATA_LOG = `${METADATA_TOPIC}-0`;
export const BOOTSTRAP_CHECKPOINT = 'bootstrap.checkpoint';

/** The listener that voters talk through, where nothing else is configured. */
export const CONTROLLER_LISTENER = 'CONTROLLER';

/** Range of kraft.version that this implementation supports: configured voters, and voters kept in the log. */
export const KRAFT_VERSIONS = { min: 0, max: 1 } as const;

export interface FormatOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly nodeId: number;
  readonly clusterId: string;
  /** Absolute; the first holds the metadata log. */
  readonly logDirs: readonly string[];
  /** The node's own addresses in the voters record; undefined for a node that is no voter. */
  readonly controllerEndpoints: readonly VoterEndpoint[] | undefined;
  /**
   * The first voters of a new quorum (Kafka's `--initial-controllers`), this node's own directory among them; a node that is not
   * in the list is formatted as Kafka does with `--no-initial-controllers`. Left out: this node alone (`--standalone`).
   */
  readonly initialVoters?: readonly VoterAddress[];
  /** For the first directory where it is new: the id that `initialVoters` has of it, see {@link firstDirectoryId}. */
  readonly directoryId?: string | undefined;
  /** Frames of the records that a new cluster begins with: its feature levels. */
  readonly bootstrapRecords: readonly Buffer[];
  /**
   * Told of a directory that the disk will not give, but for the first: it is left out, and the others do. Without it, the
   * first failure ends it all.
   */
  readonly onUnusable?: (logDir: string, error: Error) => void;
}

/**
 * Makes log directories ready, as `kafka-storage format --standalone` does: a new or empty one gets `meta.properties`, and the
 * first one the bootstrap records and a metadata log whose only voter is this node. One that is formatted already is
 * checked and left as it is.
 *
 * @returns what each directory's meta.properties says, in order, but for those that `onUnusable` was told of
 * @throws RaftError INCONSISTENT_DIRECTORY when one belongs to another cluster or node
 */
export function formatLogDirs(options: FormatOptions): MetaProperties[] {
  const formatted: MetaProperties[] = [];
  for (const [index, logDir] of options.logDirs.entries()) {
    try {
      const meta = formatLogDir(options, logDir, index === 0);
      if (meta.directoryId !== undefined && formatted.some(({ directoryId }) => directoryId === meta.directoryId)) {
        throw new RaftError(
          RaftErrorCode.INCONSISTENT_DIRECTORY,
          `${logDir} has the directory.id of another log directory: it is a copy. Give each directory its own data.`,
        );
      }
      formatted.push(meta);
    } catch (error) {
      if (index === 0 || options.onUnusable === undefined || error instanceof RaftError) throw error;
      options.onUnusable(logDir, error as Error);
    }
  }
  return formatted;
}

function formatLogDir(options: FormatOptions, logDir: string, isFirst: boolean): MetaProperties {
  const { fileSystem, random, nodeId, clusterId } = options;
  fileSystem.mkdirSync(logDir);
  const existing = readExisting(fileSystem, logDir);
  const given = isFirst ? options.directoryId : undefined;
  const meta = existing ?? { nodeId, clusterId, directoryId: given ?? randomUuid(random) };
  expectOurs(logDir, meta, nodeId, clusterId);
  if (existing === undefined) {
    if (isFirst) formatMetadata(options, logDir, meta.directoryId!);
    // Last, so that a directory that was half formatted is formatted again.
    writeMetaProperties(fileSystem, logDir, meta);
  }
  return meta;
}

/**
 * The id of a node's first directory, before it is formatted: what its meta.properties says (undefined where that has none),
 * or a new one.
 *
 * @throws RaftError INCONSISTENT_DIRECTORY when meta.properties cannot be read
 */
export function firstDirectoryId(fileSystem: FileSystem, random: Random, logDir: string): string | undefined {
  fileSystem.mkdirSync(logDir);
  const existing = readExisting(fileSystem, logDir);
  return existing === undefined ? randomUuid(random) : existing.directoryId;
}

/** Whether a log directory has its meta.properties. Throws RaftError INCONSISTENT_DIRECTORY when that cannot be read. */
export function isFormatted(fileSystem: FileSystem, logDir: string): boolean {
  return readExisting(fileSystem, logDir) !== undefined;
}

/**
 * The records that a new cluster begins with, from bootstrap.checkpoint; undefined where there is no such file.
 *
 * @throws RaftError CORRUPT_METADATA
 */
export function readBootstrapRecords(fileSystem: FileSystem, logDir: string): Buffer[] | undefined {
  const path = `${logDir}/${BOOTSTRAP_CHECKPOINT}`;
  if (!fileSystem.existsSync(path)) return undefined;
  return [...readSnapshot(fileSystem, path, { offset: 0, epoch: 0 }).batches()].flat();
}

function readExisting(fileSystem: FileSystem, logDir: string): MetaProperties | undefined {
  try {
    return readMetaProperties(fileSystem, logDir);
  } catch (error) {
    if (!(error instanceof MetaPropertiesError)) throw error;
    const message = `${error.message} Give another directory, or mend that file.`;
    throw new RaftError(RaftErrorCode.INCONSISTENT_DIRECTORY, message, { cause: error });
  }
}

function expectOurs(logDir: string, meta: MetaProperties, nodeId: number, clusterId: string): void {
  if (meta.clusterId !== clusterId) {
    throw new RaftError(
      RaftErrorCode.INCONSISTENT_DIRECTORY,
      `${logDir} belongs to cluster ${meta.clusterId}, not to ${clusterId}; give the directory of this cluster or an empty one.`,
    );
  }
  if (meta.nodeId !== nodeId) {
    throw new RaftError(
      RaftErrorCode.INCONSISTENT_DIRECTORY,
      `${logDir} belongs to node ${meta.nodeId}, not to node ${nodeId}; give that node's own directory or an empty one.`,
    );
  }
}

function formatMetadata(options: FormatOptions, logDir: string, directoryId: string): void {
  const { fileSystem, nodeId } = options;
  const nowMs = options.clock.nowMs();
  const plain = { epoch: 0, lastContainedLogTimestampMs: 0, nowMs, kraftVersion: 0, voters: undefined };
  writeSnapshotSync(fileSystem, `${logDir}/${BOOTSTRAP_CHECKPOINT}`, plain, [options.bootstrapRecords]);
  const nodes = firstVoters(options, directoryId);
  if (!nodes.some(({ id }) => id === nodeId)) return;
  const directory = `${logDir}/${METADATA_LOG}`;
  fileSystem.mkdirSync(directory);
  const voters = new VoterSet(nodes);
  const first = { ...plain, lastContainedLogTimestampMs: nowMs, kraftVersion: KRAFT_VERSIONS.max, voters };
  writeSnapshotSync(fileSystem, `${directory}/${snapshotName({ offset: 0, epoch: 0 })}`, first, []);
}

function firstVoters(options: FormatOptions, directoryId: string): VoterNode[] {
  const { nodeId, controllerEndpoints, initialVoters } = options;
  const versions = { minKRaftVersion: KRAFT_VERSIONS.min, maxKRaftVersion: KRAFT_VERSIONS.max };
  if (initialVoters === undefined) {
    return controllerEndpoints === undefined
      ? []
      : [{ id: nodeId, directoryId, endpoints: controllerEndpoints, ...versions }];
  }
  const name = controllerEndpoints?.[0]?.name ?? CONTROLLER_LISTENER;
  return initialVoters.map((voter) => ({
    id: voter.nodeId,
    directoryId: voter.directoryId,
    endpoints: [{ name, host: voter.host, port: voter.port }],
    ...versions,
  }));
}
