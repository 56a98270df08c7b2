import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '../engine/common/node-file-system.ts';
import { ClusterError } from './cluster-error.ts';
import { diskError, errnoOf } from './data-directory.ts';

/** Which nodes a data directory holds, by `broker-<id>` and `controller-<id>`, ascending. */
export interface Topology {
  readonly brokers: readonly number[];
  readonly controllers: readonly number[];
}

export const MAX_BROKERS = 9;
/** Nodes that are controllers only are numbered from here. */
export const FIRST_CONTROLLER_ID = 101;
/** Sizes that a quorum of its own may have; more than five voters only slow it down. */
export const QUORUM_SIZES: readonly number[] = [1, 3, 5];

/** What the data directory holds; nothing when it does not exist. Throws `DIRECTORY_UNWRITABLE`. */
export function readTopology(dataDir: string): Topology {
  let names: string[];
  try {
    names = readdirSync(dataDir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { brokers: [], controllers: [] };
    throw diskError(error, dataDir);
  }
  const idsOf = (kind: 'broker' | 'controller'): number[] =>
    names
      .flatMap((name) => new RegExp(`^${kind}-([1-9]\\d{0,8})$`).exec(name)?.[1] ?? [])
      // One that was never formatted holds nothing that a start could lose.
      .filter((id) => existsSync(join(dataDir, `${kind}-${id}`, 'meta.properties')))
      .map(Number)
      .sort((a, b) => a - b);
  return { brokers: idsOf('broker'), controllers: idsOf('controller') };
}

/** The nodes to run: those of the directory, and new ones where more are asked for. Throws `BAD_ARGUMENT` for fewer. */
export function planTopology(
  found: Topology,
  wanted: { readonly brokers: number | undefined; readonly controllers: number | undefined },
): Topology {
  const isNew = found.brokers.length === 0 && found.controllers.length === 0;
  const controllers = wanted.controllers ?? found.controllers.length;
  if (!isNew && controllers !== found.controllers.length) {
    throw bad(
      `The data directory holds ${count(found.controllers, 'controller')}; a quorum cannot be given another size by ` +
        `starting ${controllers}`,
    );
  }
  const brokers = wanted.brokers ?? Math.max(found.brokers.length, 1);
  if (brokers < found.brokers.length) {
    throw bad(
      `The data directory holds ${count(found.brokers, 'broker')}; to run ${brokers} would leave data behind: ` +
        `start all and remove one, or name another directory`,
    );
  }
  const ids = [...found.brokers];
  while (ids.length < brokers) ids.push(freeBrokerId(ids));
  return {
    brokers: ids.sort((a, b) => a - b),
    controllers: isNew
      ? Array.from({ length: controllers }, (_, index) => FIRST_CONTROLLER_ID + index)
      : found.controllers,
  };
}

export function freeBrokerId(taken: readonly number[]): number {
  let id = 1;
  while (taken.includes(id)) id++;
  return id;
}

/** Brokers that vote in the quorum of a new cluster without controllers of its own: one of one or two, else three. */
export function firstVoters(brokers: readonly number[]): readonly number[] {
  return brokers.slice(0, brokers.length >= VOTERS_OF_BROKERS ? VOTERS_OF_BROKERS : 1);
}

/** How many brokers vote once there are so many. */
export const VOTERS_OF_BROKERS = 3;

/** Brokers that are controllers too: voters, and those that will vote when there are three. */
export function controllersAmong(brokers: readonly number[], voters: readonly number[]): readonly number[] {
  const seated = brokers.filter((id) => voters.includes(id));
  const others = brokers.filter((id) => !voters.includes(id));
  return [...seated, ...others.slice(0, Math.max(VOTERS_OF_BROKERS - seated.length, 0))].sort((a, b) => a - b);
}

/**
 * Who votes, as the metadata logs of these brokers say; undefined where they say nothing, as with a quorum that was
 * configured and not kept in the log.
 */
export async function readVoters(dataDir: string, brokers: readonly number[]): Promise<readonly number[] | undefined> {
  const { readStoredVoters } = await import('../engine/raft/driver/stored-voters.ts');
  const voters = new Set<number>();
  for (const id of brokers) {
    try {
      for (const voter of readStoredVoters(nodeFileSystem, join(dataDir, `broker-${id}`)) ?? []) voters.add(voter);
    } catch {
      // The broker itself says what is wrong with its directory.
    }
  }
  return voters.size === 0 ? undefined : [...voters];
}

function count(ids: readonly number[], noun: string): string {
  if (ids.length === 0) return `no ${noun}`;
  return `${ids.length} ${noun}${ids.length === 1 ? '' : 's'} (${ids.join(', ')})`;
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
