import { describe, expect, test } from 'vitest';
import { deviceName, lockHolder, parseLocks } from '../../../extension/cluster/java-lock.ts';

describe('/proc/locks', () => {
  test('lists who holds what, but not who waits', () => {
    const text = [
      '1: POSIX  ADVISORY  WRITE 3548 08:02:136977 0 EOF',
      '1: -> POSIX  ADVISORY  WRITE 3549 08:02:136977 0 EOF',
      '2: FLOCK  ADVISORY  WRITE -1 00:1a:9007199254740993 0 EOF',
      '3: OFDLCK ADVISORY  READ  0 103:05:42 0 100',
      '',
    ].join('\n');
    expect(parseLocks(text)).toEqual([
      { pid: 3548, device: '08:02', inode: 136977n },
      { pid: -1, device: '00:1a', inode: 9007199254740993n },
      { pid: 0, device: '103:05', inode: 42n },
    ]);
  });

  test('names devices as the kernel does', () => {
    expect(deviceName(0x802n)).toBe('08:02');
    expect(deviceName(0x1_0300n + 0x5n)).toBe('103:05');
    expect(deviceName((0x1000n << 32n) | (0x003n << 8n) | (0x12300n << 12n) | 0x45n)).toBe('1003:12345');
  });

  test('finds no holder of a file that nobody locked, nor of one that is missing', () => {
    expect(lockHolder(import.meta.filename)).toBeUndefined();
    expect(lockHolder('/does/not/exist')).toBeUndefined();
  });
});
