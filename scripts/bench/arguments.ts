import { parseArgs } from 'node:util';

/** What `npm run bench` was asked for. */
export interface BenchArguments {
  /** `broker` (one of it), `cluster` (three), `log` (the log alone). */
  readonly what: string;
  /** One round of few records: whether it works, and the order of magnitude. */
  readonly quick: boolean;
  readonly rounds: number | undefined;
  readonly records: number | undefined;
  /** No round begins that would likely end after so many. */
  readonly minutes: number;
  readonly only: readonly string[] | undefined;
}

export function benchArguments(): BenchArguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      records: { type: 'string' },
      minutes: { type: 'string', default: '7' },
      only: { type: 'string' },
    },
  });
  const [what = 'broker', ...more] = positionals;
  if (more.length > 0) throw new Error(`bench knows broker, cluster and log, one at a time; not ${more.join(' ')}`);
  return {
    what,
    quick: values.quick,
    rounds: values.rounds === undefined ? undefined : Number(values.rounds),
    records: values.records === undefined ? undefined : Number(values.records),
    minutes: Number(values.minutes),
    only: values.only?.split(','),
  };
}
