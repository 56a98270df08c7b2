import type { Clock } from '../../common/clock.ts';
import type { FileSystem } from '../../common/file-system.ts';
import type { Logger } from '../../common/logger.ts';
import type { NodeNetwork } from '../../common/network.ts';
import type { Random } from '../../common/random.ts';
import type { QuorumStatus, RaftTiming, VoterEndpoint } from '../raft-ports.ts';
import type { VoterAddress } from '../voter-set.ts';
import type { MetadataLog } from './metadata-log.ts';

/** What a node needs to take part in the quorum. */
export interface RaftDriverOptions {
  readonly nodeId: number;
  /** The first log directory, and what its meta.properties says. */
  readonly logDir: string;
  readonly directoryId: string | undefined;
  /** For requests of other nodes; undefined accepts any. */
  readonly clusterId?: string;
  /** This node's own addresses for the quorum; empty for a node that has no controller listener and so never votes. */
  readonly controllerEndpoints: readonly VoterEndpoint[];
  /**
   * Where the voters are now: overrides the addresses that the directory remembers, names the voters of a quorum that is
   * configured (kraft.version 0), and tells a new node whom to ask.
   */
  readonly voters?: readonly VoterAddress[];
  /** Left out for a node that is the only one. */
  readonly network?: NodeNetwork;
  readonly random?: Random;
  /** Kafka's defaults unless given. */
  readonly timing?: RaftTiming;
  /** Called when a leader is known, or is not any more. */
  readonly onQuorumChange?: (status: QuorumStatus) => void;
  readonly clock: Clock;
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
  /** Opens, after `checkMetadataLog`, what lies in the folder, or makes a new log there. */
  readonly openLog: (directory: string) => MetadataLog;
  /** The log failed, or the listener did: nothing is served from here any more. */
  readonly onFatal: (error: Error) => void;
  /** Snapshots but the latest, and the log before it, go once all together are larger, or older. */
  readonly retentionMaxBytes: number;
  readonly retentionMaxMs: number;
}
