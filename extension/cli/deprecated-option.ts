import { UsageError, type ParsedOptions } from './option-parser.ts';

/** @throws UsageError when both the old and the new spelling of an option are given */
export function expectOneSpelling(options: ParsedOptions, pairs: readonly (readonly [string, string])[]): void {
  for (const [old, current] of pairs) {
    if (options.has(old) && options.has(current)) {
      throw new UsageError(`Options --${old} and --${current} cannot be specified together.`);
    }
  }
}
