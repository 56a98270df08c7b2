import { registerHooks } from 'node:module';

/** A mistake put into one place of the product, to see that the simulation finds it. */
export interface Mutant {
  readonly name: string;
  /** The rule that it breaks, for people. */
  readonly what: string;
  /** Ends of the path. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'commit-before-majority',
    what: 'metadata is committed when its leader has it',
    file: '/extension/engine/raft/leader-state.ts',
    find: 'ends[this.#voters.majority() - 1] ?? -1',
    replace: 'ends[0] ?? -1',
  },
  {
    name: 'elect-outside-isr',
    what: 'any replica that is alive may lead',
    file: '/extension/engine/metadata/partition-change-builder.ts',
    find: '(isr.includes(replica) || elr.includes(replica)) && isAcceptableLeader(replica)',
    replace: 'isAcceptableLeader(replica)',
  },
  {
    name: 'skip-truncation',
    what: 'a follower keeps what its leader does not have',
    file: '/extension/engine/broker/followed-partition.ts',
    find: 'log.truncateTo(Math.min(offset, end));',
    replace: '',
  },
  {
    name: 'early-high-watermark',
    what: 'records are committed when the leader has them',
    file: '/extension/engine/broker/partition-leader.ts',
    find: 'if (follower.logEndOffset >= offset) continue;',
    replace: 'continue;',
  },
  {
    name: 'reuse-leader-epoch',
    what: 'another leader of a partition goes on in the same epoch',
    file: '/extension/engine/metadata/partition-registration.ts',
    find: 'sameLeader ? from.leaderEpoch : from.leaderEpoch + 1',
    replace: 'from.leaderEpoch',
  },
];

export function mutantNamed(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`there is no mutant "${name}"`);
  return found;
}

let planted: string | undefined;

/** Has the loader put the mistake in, for modules that this process has not loaded yet. */
export function plant(mutant: Mutant): void {
  if (planted === mutant.name) return;
  if (planted !== undefined) throw new Error(`this process has ${planted} already`);
  planted = mutant.name;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(mutant.file)) return loaded;
      return { ...loaded, source: mutate(mutant, String(loaded.source)) };
    },
  });
}

/** @throws Error unless the text to replace is there exactly once */
export function mutate({ name, file, find, replace }: Mutant, source: string): string {
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`mutant "${name}": ${file} has its text ${count} times; it has to be there once`);
  return source.replace(find, () => replace);
}
