import { join } from 'node:path';
import { nativeCrc32c } from '../../extension/records/crc32c.ts';
import { root } from '../support/paths.ts';
import type { BenchArguments } from './arguments.ts';
import { measureLog } from './log.ts';
import { load, machine, writeReport } from './report.ts';

const MIB = 1024 * 1024;

/** One partition's log beside the bare file system, and a broker with very many. A full run renews docs/benchmarks.md. */
export async function benchLog({ quick, rounds = quick ? 1 : 3 }: BenchArguments): Promise<void> {
  const logBytes = quick ? 128 * MIB : 1024 * MIB;
  const partitions = quick ? 1000 : 10_000;
  const lines = await measureLog({ rounds, logBytes, appendBytes: logBytes / 2, partitions });
  const report = `A log of ${logBytes / MIB} MiB; medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'} on ${machine()}; ${load()}.
CRC-32C ${nativeCrc32c === undefined ? 'in WebAssembly, as the extension ships it' : 'in native code, which the extension does not ship'}.

${lines}`;
  console.log(`\n${report}`);
  if (!quick) writeReport(join(root, 'docs', 'benchmarks.md'), 'bench-log', report);
}
