import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { firstProduce } from './first-produce.ts';
import type { Metric, Sample } from './report.ts';
import { measureInTurn, type Rounds } from './rounds.ts';
import { perfTool, processorSeconds, residentMib } from './systems.ts';
import type { Running, System } from './systems.ts';

export interface OneBrokerOptions extends Rounds {
  /** Records of 100 B per run; a fifth of it at 1 KiB. */
  readonly records: number;
}

export const oneBrokerMetrics: readonly Metric[] = [
  { key: 'startMs', title: 'Start to first acknowledged produce', unit: 'ms', better: 'less' },
  { key: 'idleMib', title: 'Resident memory, idle', unit: 'MiB', better: 'less' },
  { key: 'produce100', title: 'Produce 100 B, acks=all', unit: 'records/s', better: 'more' },
  { key: 'produce1024', title: 'Produce 1 KiB, acks=all', unit: 'records/s', better: 'more' },
  { key: 'consume100', title: 'Consume 100 B', unit: 'records/s', better: 'more' },
  { key: 'consume1024', title: 'Consume 1 KiB', unit: 'records/s', better: 'more' },
  { key: 'produceCpu100', title: "Broker's processor time, produce 100 B", unit: 'µs/record', better: 'less' },
  { key: 'produceCpu1024', title: "Broker's processor time, produce 1 KiB", unit: 'µs/record', better: 'less' },
  { key: 'consumeCpu100', title: "Broker's processor time, consume 100 B", unit: 'µs/record', better: 'less' },
  { key: 'consumeCpu1024', title: "Broker's processor time, consume 1 KiB", unit: 'µs/record', better: 'less' },
  { key: 'latencyMean', title: 'Produce to consume, 100 B, mean', unit: 'ms', better: 'less' },
  { key: 'latencyP99', title: 'Produce to consume, 100 B, 99 %', unit: 'ms', better: 'less' },
  { key: 'loadedMib', title: 'Resident memory, after the load', unit: 'MiB', better: 'less' },
];

const topics = ['first', 'bytes-100', 'bytes-1024', 'latency'];

export function measureOneBroker(systems: readonly System[], options: OneBrokerOptions): Promise<Sample[]> {
  return measureInTurn(systems, options, (system) => measureOnce(system, options.records));
}

async function measureOnce(system: System, records: number): Promise<Record<string, number>> {
  await using folder = await temporaryDirectory('bench');
  const directory = join(folder.path, 'data');
  const port = await freePort(1, true);
  await system.prepare(directory, port);
  const acknowledged = firstProduce(port, topics);
  const broker = await system.start(directory, port);
  try {
    const startMs = (await acknowledged) - broker.child.startedAt;
    const idleMib = await residentMib(broker.child);
    const bootstrap = `127.0.0.1:${port}`;
    const values: Record<string, number> = { startMs, idleMib };
    for (const [size, count] of [
      [100, records],
      [1024, Math.ceil(records / 5)],
    ] as const) {
      const topic = `bytes-${size}`;
      const produced = await costed(broker, () => produce(bootstrap, topic, size, count));
      const consumed = await costed(broker, () => consume(bootstrap, topic, count));
      values[`produce${size}`] = produced.value;
      values[`produceCpu${size}`] = (produced.seconds / count) * 1e6;
      values[`consume${size}`] = consumed.value;
      values[`consumeCpu${size}`] = (consumed.seconds / count) * 1e6;
    }
    Object.assign(values, await latency(bootstrap), { loadedMib: await residentMib(broker.child) });
    return values;
  } finally {
    await broker.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What `action` answers, and the processor time that the broker used meanwhile; NaN where that is not known. */
async function costed<T>({ child }: Running, action: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const before = await processorSeconds(child);
  const value = await action();
  const after = await processorSeconds(child);
  return { value, seconds: (after ?? Number.NaN) - (before ?? Number.NaN) };
}

/** Records per second once the tool's own JVM is warm. */
export async function produce(bootstrap: string, topic: string, sizeBytes: number, count: number): Promise<number> {
  const output = await perfTool('producer-perf', [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--throughput', '-1'],
    ...['--num-records', String(count), '--warmup-records', String(Math.floor(count / 4))],
    ...['--record-size', String(sizeBytes), '--command-property', 'acks=all'],
  ]);
  return Number(capture(/steady state records sent, ([\d.]+) records\/sec/, output));
}

/** Records per second without the time that joining the group takes. */
export async function consume(bootstrap: string, topic: string, count: number): Promise<number> {
  const output = await perfTool('consumer-perf', [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(count), '--hide-header'],
  ]);
  return Number(output.trim().split('\n').at(-1)?.split(',').at(-1)?.trim());
}

async function latency(bootstrap: string): Promise<Record<'latencyMean' | 'latencyP99', number>> {
  const output = await perfTool('e2e-latency', [
    ...['--bootstrap-server', bootstrap, '--topic', 'latency', '--num-records', '5000'],
    ...['--producer-acks', 'all', '--record-size', '100'],
  ]);
  return {
    latencyMean: Number(capture(/Avg latency: ([\d.]+) ms/, output)),
    latencyP99: Number(capture(/99th = (\d+)/, output)),
  };
}

function capture(pattern: RegExp, text: string): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`Nothing like ${pattern.source} in:\n${text}`);
  return found;
}
