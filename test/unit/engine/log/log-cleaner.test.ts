import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { LogEnvironment } from '../../../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../../../extension/engine/log/log-manager.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, config, contents, fixedRandom, NOW_MS } from './log-fixture.ts';

const compacted = config({
  'cleanup.policy': 'compact',
  'internal.segment.bytes': '200',
  'file.delete.delay.ms': '0',
});
const ID = 'AbCdEfGhIjKlMnOpQrStUv';

async function setup(disk = new MemoryFileSystem()) {
  disk.mkdirSync('/data');
  const clock = new FakeClock(NOW_MS);
  const messages: string[] = [];
  const logger = { ...silentLogger, info: (m: string) => messages.push(m), error: (m: string) => messages.push(m) };
  const environment = new LogEnvironment({ fileSystem: disk, clock, random: fixedRandom, logger });
  const uncleanable: string[] = [];
  const manager = new LogManager({
    environment,
    directories: ['/data'],
    config: compacted,
    onUncleanable: (log) => uncleanable.push(log.name),
  });
  await manager.load();
  const make = (topic: string): UnifiedLog =>
    manager.getOrCreate(topic, 0, { topicId: ID, config: compacted, directoryId: undefined });
  return { disk, clock, manager, messages, uncleanable, make };
}

/** Records of three keys, `count` in all. */
function fill(log: UnifiedLog, count: number): void {
  for (let i = 0; i < count; i++) {
    const record = { key: Buffer.from(`k${i % 3}`), value: Buffer.from(`v${i}`), timestamp: NOW_MS };
    log.appendAsLeader(batchOf([record]), 0);
    log.flushWrites();
  }
  log.updateHighWatermark(log.logEndOffset);
}

describe('the cleaner', () => {
  it('compacts by itself, notes how far, and rests until there is more', async () => {
    const { disk, clock, make, messages } = await setup();
    const log = make('changes');
    fill(log, 11);
    expect(contents(log)).toHaveLength(11);
    await clock.advance(15_000);
    const active = log.segments().at(-1)!.baseOffset;
    expect(disk.readFileSync('/data/cleaner-offset-checkpoint').toString()).toBe(`0\n1\nchanges 0 ${active}\n`);
    expect(contents(log)).toHaveLength(3 + 11 - active);
    expect(messages.filter((message) => message.includes('compacted offsets 0'))).toHaveLength(1);
    await clock.advance(60_000);
    expect(messages.filter((message) => message.includes('compacted'))).toHaveLength(1);
    fill(log, 12);
    await clock.advance(15_000);
    expect(messages.filter((message) => message.includes(`compacted offsets ${active}`))).toHaveLength(1);
  });

  it('goes on after a restart where it was', async () => {
    const first = await setup();
    fill(first.make('changes'), 11);
    await first.clock.advance(15_000);
    await first.manager.shutdown(1);
    const second = await setup(first.disk);
    await second.clock.advance(15_000);
    expect(second.messages.filter((message) => message.includes('compacted'))).toEqual([]);
  });

  it('leaves a damaged log alone, says so once, and compacts the others', async () => {
    const { disk, clock, make, uncleanable, messages, manager } = await setup();
    const damaged = make('damaged');
    const sound = make('sound');
    fill(damaged, 11);
    fill(sound, 8);
    const path = `/data/damaged-0/00000000000000000000.log`;
    const bytes = disk.readFileSync(path);
    bytes[8] = 0x7f;
    disk.writeFileAtomicSync(path, bytes);
    damaged.local.closeFiles();
    await clock.advance(45_000);
    expect(uncleanable).toEqual(['damaged-0']);
    expect(messages.filter((message) => message.includes('cannot be compacted'))).toHaveLength(1);
    expect(messages.filter((message) => message.includes('sound-0: compacted'))).toHaveLength(1);
    expect(disk.paths.filter((name) => name.includes('cleaned'))).toEqual([]);
    damaged.appendAsLeader(batchOf([{ key: Buffer.from('k'), value: null, timestamp: NOW_MS }]), 0);
    damaged.flushWrites();
    expect(damaged.logEndOffset).toBe(12);
    manager.delete('damaged', 0);
    fill(make('damaged'), 11);
    await clock.advance(15_000);
    expect(messages.filter((message) => message.includes('damaged-0: compacted'))).toHaveLength(1);
  });

  it('waits for room on a full disk', async () => {
    const { disk, clock, make, uncleanable, messages } = await setup();
    const log = make('changes');
    fill(log, 11);
    disk.onCall = (operation, path) => {
      if (operation === 'write' && path.endsWith('.log.cleaned')) throw systemError('ENOSPC', 'write', path);
    };
    await clock.advance(30_000);
    expect(uncleanable).toEqual([]);
    expect(messages).toEqual([
      expect.stringMatching(/^There is no space left to compact changes-0; it is tried again later: ENOSPC/),
      expect.stringMatching(/^There is no space left to compact changes-0/),
    ]);
    expect(disk.paths.filter((path) => path.endsWith('.cleaned'))).toEqual([]);
    disk.onCall = undefined;
    await clock.advance(15_000);
    expect(messages.slice(2)).toEqual([expect.stringMatching(/^changes-0: compacted/)]);
  });

  it('cleans again what came after the log was cut', async () => {
    const { clock, make, messages } = await setup();
    const log = make('changes');
    fill(log, 11);
    await clock.advance(15_000);
    log.truncateTo(9);
    log.truncateTo(3);
    fill(log, 9);
    await clock.advance(15_000);
    expect(messages.filter((message) => message.includes('compacted offsets 3'))).toHaveLength(1);
  });

  it('follows a cleanup.policy that changes', async () => {
    const { clock, make, messages } = await setup();
    const log = make('changes');
    log.updateConfig(config({ 'internal.segment.bytes': '200' }));
    fill(log, 11);
    await clock.advance(30_000);
    expect(messages).toEqual([]);
    log.updateConfig(compacted);
    await clock.advance(15_000);
    expect(messages).toHaveLength(1);
  });
});
