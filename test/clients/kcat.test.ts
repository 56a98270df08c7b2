import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { lacks } from '../support/tools.ts';

describe.skipIf(lacks('kcat'))('kcat (librdkafka)', () => {
  let cluster: SamsaCluster;
  beforeAll(async () => {
    cluster = await SamsaCluster.start();
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  async function kcat(args: readonly string[], stdin = ''): Promise<string> {
    const child = new Child('kcat', ['-b', cluster.bootstrap, ...args]);
    child.endInput(stdin);
    const { code, stdout, stderr } = await child.wait();
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  it('lists the broker and its topics', async () => {
    await kcat(['-P', '-t', 'listed'], 'x\n');
    const listing = await kcat(['-L']);
    expect(listing).toContain(`broker 1 at ${cluster.bootstrap} (controller)`);
    expect(listing).toMatch(/topic "listed" with 1 partitions:\s+partition 0, leader 1, replicas: 1, isrs: 1/);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('carries records with %s, keys and headers too', async (codec) => {
    const topic = `kcat-${codec}`;
    const input = Array.from({ length: 200 }, (_, i) => `k${i}|value ${i} ${'padding '.repeat(10)}`);
    await kcat(['-P', '-t', topic, '-z', codec, '-K', '|', '-H', 'trace=abc'], `${input.join('\n')}\n`);
    const output = await kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%h %k|%s\n']);
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual(input.map((line) => `trace=abc ${line}`.trimEnd()));
  });

  it('finds offsets by time, from the end and from an offset', async () => {
    await kcat(['-P', '-t', 'seek'], 'a\nb\nc\nd\n');
    expect(await kcat(['-Q', '-t', 'seek:0:0'])).toContain('seek [0] offset 0');
    expect(await kcat(['-C', '-t', 'seek', '-o', '-1', '-e', '-q'])).toBe('d\n');
    expect(await kcat(['-C', '-t', 'seek', '-o', '2', '-e', '-q'])).toBe('c\nd\n');
  });

  it('consumes as a group, and goes on where the group was', async () => {
    await kcat(['-P', '-t', 'grouped'], 'a\nb\n');
    const group = ['-G', 'kcat-group', '-q', '-X', 'auto.offset.reset=earliest', '-c'];
    expect(await kcat([...group, '2', 'grouped'])).toBe('a\nb\n');
    await kcat(['-P', '-t', 'grouped'], 'c\n');
    expect(await kcat([...group, '1', 'grouped'])).toBe('c\n');
  });

  it('produces without acks and with all of them', async () => {
    await kcat(['-P', '-t', 'fire-and-forget', '-X', 'acks=0'], 'a\nb\n');
    await kcat(['-P', '-t', 'fire-and-forget', '-X', 'acks=all', '-X', 'enable.idempotence=true'], 'c\n');
    expect(await kcat(['-C', '-t', 'fire-and-forget', '-o', 'beginning', '-e', '-q'])).toBe('a\nb\nc\n');
  });
});
