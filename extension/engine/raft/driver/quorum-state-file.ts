import type { FileSystem } from '../../common/file-system.ts';
import { ZERO_UUID } from '../../common/random.ts';
import { INITIAL_ELECTION } from '../election-state.ts';
import type { ElectionState } from '../election-state.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type { VoterEndpoint } from '../raft-ports.ts';
import { VoterSet } from '../voter-set.ts';
import type { VoterAddress } from '../voter-set.ts';
import { CONTROLLER_LISTENER } from './format-directory.ts';

/**
 * `quorum-state` beside the metadata log: one JSON object. `data_version` 1 goes with voters that are kept in the log,
 * 0 with configured ones; 0 also names the voters, and a cluster id that is always empty.
 */
export class QuorumStateFile {
  readonly path: string;
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.path = path;
  }

  /**
   * What the file says; nothing yet where there is none.
   *
   * @throws RaftError CORRUPT_METADATA: guessing could lead to voting twice in one epoch
   */
  read(): ElectionState {
    return this.#load(parse, INITIAL_ELECTION);
  }

  #load<T>(parseContent: (content: Record<string, unknown>) => T, missing: T): T {
    if (!this.#fileSystem.existsSync(this.path)) return missing;
    const text = this.#fileSystem.readFileSync(this.path).toString('utf8');
    try {
      return parseContent(JSON.parse(text) as Record<string, unknown>);
    } catch (error) {
      throw new RaftError(
        RaftErrorCode.CORRUPT_METADATA,
        `${this.path} is damaged: ${(error as Error).message}. Restore it from a copy; the directory was left as it is.`,
        { cause: error },
      );
    }
  }

  /**
   * The voters where they are configured (kraft.version 0): those that the file names or, where there is none, those whose addresses are
   * `given`; without either this node alone. Addresses are not in the file.
   *
   * @throws RaftError CORRUPT_METADATA
   */
  configuredVoters(nodeId: number, own: readonly VoterEndpoint[], given: readonly VoterAddress[]): VoterSet {
    const named = this.#load((content) => voterIds(content), []);
    const configured = named.length > 0 ? named : given.map((voter) => voter.nodeId);
    const alone = own.length > 0 ? [nodeId] : [];
    const ids = new Set(configured.length > 0 ? configured : alone);
    const [listener] = own;
    return new VoterSet(
      [...ids].map((id) => {
        const known = given.find((voter) => voter.nodeId === id);
        const name = listener?.name ?? CONTROLLER_LISTENER;
        const endpoints = known === undefined ? [] : [{ name, host: known.host, port: known.port }];
        return {
          id,
          directoryId: undefined,
          endpoints: id === nodeId ? own : endpoints,
          minKRaftVersion: 0,
          maxKRaftVersion: 0,
        };
      }),
    );
  }

  /** Durable when it returns. */
  write(election: ElectionState, kraftVersion: number, voters: readonly number[]): void {
    const votedId = election.voted?.id ?? -1;
    const content =
      kraftVersion === 0
        ? {
            clusterId: '',
            leaderId: election.leaderId,
            leaderEpoch: election.epoch,
            votedId,
            appliedOffset: 0,
            currentVoters: voters.map((voterId) => ({ voterId })),
            data_version: 0,
          }
        : {
            leaderId: election.leaderId,
            leaderEpoch: election.epoch,
            votedId,
            votedDirectoryId: election.voted?.directoryId ?? ZERO_UUID,
            data_version: 1,
          };
    this.#fileSystem.writeFileAtomicSync(this.path, JSON.stringify(content));
  }
}

function parse(content: Record<string, unknown>): ElectionState {
  const version = content['data_version'];
  if (version !== 0 && version !== 1) throw new Error(`data_version ${String(version)} is not known`);
  const votedId = integer(content, 'votedId');
  const directory = content['votedDirectoryId'];
  const directoryId = typeof directory === 'string' && directory !== ZERO_UUID ? directory : undefined;
  return {
    epoch: integer(content, 'leaderEpoch'),
    leaderId: integer(content, 'leaderId'),
    voted: votedId === -1 ? undefined : { id: votedId, directoryId },
  };
}

function voterIds(content: Record<string, unknown>): number[] {
  const voters = content['currentVoters'];
  if (!Array.isArray(voters)) return [];
  return voters.map((voter) => integer(voter as Record<string, unknown>, 'voterId'));
}

function integer(content: Record<string, unknown>, name: string): number {
  const value = content[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < -1) {
    throw new Error(`${name} is ${String(value)}`);
  }
  return value;
}
