import { describe, expect, test } from 'vitest';
import { clusterMenu } from '../../../extension/commands/cluster-menu.ts';
import { statusLook } from '../../../extension/explorer/status-look.ts';
import { wayOut } from '../../../extension/explorer/cluster-looks.ts';
import type { SessionState } from '../../../extension/explorer/cluster-session.ts';

const facts = { bootstrap: '127.0.0.1:9092', clusterId: 'abc', dataDir: '/data', startupMs: 12, pid: 7 };

function commands(state: SessionState): string[] {
  return clusterMenu(state).map(({ command }) => command.replace('samsa.', ''));
}

describe('the menu', () => {
  test.each<[SessionState, string]>([
    [{ kind: 'off' }, 'cluster.start'],
    [{ kind: 'starting' }, 'cluster.stop'],
    [{ kind: 'running', ...facts }, 'cluster.copyBootstrap'],
    [{ kind: 'failed', code: 'PORT_IN_USE', message: 'x' }, 'cluster.useAnotherPort'],
    [{ kind: 'failed', code: 'DIRECTORY_LOCKED', message: 'x' }, 'cluster.useAnotherDirectory'],
    [{ kind: 'failed', code: 'INTERNAL', message: 'x' }, 'cluster.start'],
  ])('%o begins with %s', (state, first) => expect(commands(state)[0]).toBe(first));

  test('offers nothing twice', () => {
    const state: SessionState = { kind: 'failed', code: 'BAD_ARGUMENT', message: 'x' };
    const offered = commands(state);
    expect(new Set(offered).size).toBe(offered.length);
  });

  test('says that a cluster of another window stops there too', () => {
    const stop = clusterMenu({ kind: 'attached', ...facts }).find(({ command }) => command === 'samsa.cluster.stop');
    expect(stop?.detail).toContain('another window');
  });
});

test('the status bar tells the address, and warns only of failures', () => {
  expect(statusLook({ kind: 'running', ...facts })).toMatchObject({
    text: '$(circle-filled) 127.0.0.1:9092',
    isWarning: false,
  });
  expect(statusLook({ kind: 'failed', code: 'DISK_FULL', message: 'The disk is full.' })).toMatchObject({
    tooltip: 'The disk is full.',
    isWarning: true,
  });
  expect(statusLook({ kind: 'off' }).isWarning).toBe(false);
});

test('every failure has a way out', () =>
  expect(wayOut('UNKNOWN_BROKER')).toEqual(['samsa.cluster.start', 'Start again']));
