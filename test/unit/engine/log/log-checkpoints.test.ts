import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { LogCheckpoints } from '../../../../extension/engine/log/log-checkpoints.ts';
import { LogDirectory } from '../../../../extension/engine/log/log-directory.ts';
import type { PlacedLog } from '../../../../extension/engine/log/placed-logs.ts';
import { MemoryFileSystem, systemError } from '../../../support/memory-file-system.ts';
import { batchOf, fixture } from './log-fixture.ts';

const HIGH_WATERMARKS = 'replication-offset-checkpoint';
const LOG_STARTS = 'log-start-offset-checkpoint';

function setup() {
  const disk = new MemoryFileSystem();
  const { open } = fixture({ disk });
  disk.mkdirSync('/other');
  const directories = ['/data', '/other'].map((path) => new LogDirectory(disk, path, undefined, silentLogger));
  const placed: PlacedLog[] = [0, 1, 2].map((partition) => {
    disk.mkdirSync(`/data/t-${partition}`);
    const log = open({ partition, directory: `/data/t-${partition}` });
    for (let i = 0; i <= partition; i++) log.appendAsLeader(batchOf(['a']), 0);
    log.flushWrites();
    log.updateHighWatermark(log.logEndOffset);
    return { log, directory: directories[0]! };
  });
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
  const checkpoints = new LogCheckpoints(directories, () => placed, logger);
  let opened = 0;
  disk.onCall = (operation) => void (opened += operation === 'open' ? 1 : 0);
  /** How many files `action` opens. */
  const opens = (action: () => void): number => {
    const before = opened;
    action();
    return opened - before;
  };
  const text = (path: string): string => disk.readFileSync(path).toString();
  return { disk, directories, placed, checkpoints, opens, text, errors };
}

describe('the checkpoints of many logs', () => {
  it('are written by directory, in the order of the logs', () => {
    const { directories, placed, checkpoints, text } = setup();
    placed[1] = { log: placed[1]!.log, directory: directories[1]! };
    checkpoints.highWatermarks(false);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n2\nt 0 1\nt 2 3\n');
    expect(text(`/other/${HIGH_WATERMARKS}`)).toBe('0\n1\nt 1 2\n');
  });

  it('cost no file where nothing has changed', () => {
    const { checkpoints, opens } = setup();
    expect(opens(() => checkpoints.highWatermarks(false))).toBe(2);
    expect(opens(() => checkpoints.highWatermarks(false))).toBe(0);
    expect(opens(() => checkpoints.offsets())).toBe(4);
    expect(opens(() => checkpoints.offsets())).toBe(0);
  });

  it('are flushed at the end, though nothing has changed since they were written', () => {
    const { disk, checkpoints, text } = setup();
    checkpoints.highWatermarks(false);
    checkpoints.highWatermarks(true);
    checkpoints.highWatermarks(false);
    disk.losePower(() => 0);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n3\nt 0 1\nt 1 2\nt 2 3\n');
  });

  it('are written again when an offset has changed', () => {
    const { placed, checkpoints, text } = setup();
    checkpoints.highWatermarks(false);
    placed[1]!.log.updateHighWatermark(1);
    checkpoints.highWatermarks(false);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n3\nt 0 1\nt 1 1\nt 2 3\n');
  });

  it('are written again when a log came, went or has another place', () => {
    const { directories, placed, checkpoints, text } = setup();
    checkpoints.highWatermarks(false);
    const last = placed.pop()!;
    checkpoints.highWatermarks(false);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n2\nt 0 1\nt 1 2\n');
    placed.push(last);
    checkpoints.highWatermarks(false);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n3\nt 0 1\nt 1 2\nt 2 3\n');
    placed[2] = { log: last.log, directory: directories[1]! };
    checkpoints.highWatermarks(false);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n2\nt 0 1\nt 1 2\n');
    expect(text(`/other/${HIGH_WATERMARKS}`)).toBe('0\n1\nt 2 3\n');
  });

  it('name log starts only of logs that lost the beginning of their first segment', () => {
    const { placed, checkpoints, text } = setup();
    checkpoints.offsets();
    expect(text(`/data/${LOG_STARTS}`)).toBe('0\n0\n');
    placed[2]!.log.incrementLogStartOffset(2, 'clientDelete');
    checkpoints.offsets();
    expect(text(`/data/${LOG_STARTS}`)).toBe('0\n1\nt 2 2\n');
  });

  it('are tried again after the disk refused them, whether or not something has changed', () => {
    const { disk, checkpoints, text, errors } = setup();
    disk.onCall = (operation, path) => {
      if (operation === 'open' && path.startsWith('/data/')) throw systemError('EIO', 'open', path);
    };
    checkpoints.highWatermarks(false);
    expect(errors).toEqual([`Could not write /data/${HIGH_WATERMARKS}`]);
    disk.onCall = undefined;
    checkpoints.highWatermarks(false);
    expect(text(`/data/${HIGH_WATERMARKS}`)).toBe('0\n3\nt 0 1\nt 1 2\nt 2 3\n');
  });
});
