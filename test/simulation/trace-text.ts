import type { TraceLine } from './world/sim-world.ts';

/** The trace as people read it: virtual milliseconds, who, what. */
export function traceText(lines: readonly TraceLine[], most = Infinity): string {
  const shown = lines.slice(-most);
  const left = lines.length - shown.length;
  const text = shown.map(({ atMs, who, what }) => `${atMs.toFixed(2).padStart(10)}  ${who.padEnd(11)} ${what}`);
  return (left === 0 ? text : [`… ${left} lines before`, ...text]).join('\n');
}
