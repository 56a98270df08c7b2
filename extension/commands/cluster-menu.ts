import { t } from '../settings/localize.ts';
import type { SessionState } from '../explorer/cluster-session.ts';
import { wayOut } from '../explorer/cluster-looks.ts';
import type { CommandId } from './command-id.ts';

export interface MenuEntry {
  readonly command: CommandId;
  /** With a codicon. */
  readonly label: string;
  readonly detail?: string;
}

/** What the status-bar item offers, the likeliest first. */
export function clusterMenu(state: SessionState): readonly MenuEntry[] {
  const first = primary(state);
  return [...first, ...always().filter(({ command }) => !first.some((entry) => entry.command === command))];
}

function primary(state: SessionState): readonly MenuEntry[] {
  switch (state.kind) {
    case 'off':
      return [{ command: 'samsa.cluster.start', label: `$(play) ${t('Start cluster')}` }];
    case 'failed': {
      const [command, title] = wayOut(state.code);
      const again: MenuEntry = { command: 'samsa.cluster.start', label: `$(play) ${t('Start again')}` };
      const out: MenuEntry = { command, label: `$(lightbulb) ${title}`, detail: state.message };
      return command === again.command ? [{ ...again, detail: state.message }] : [out, again];
    }
    case 'starting':
      return [{ command: 'samsa.cluster.stop', label: `$(debug-stop) ${t('Cancel the start')}` }];
    case 'stopping':
      return [];
    case 'running':
    case 'attached':
      return [
        {
          command: 'samsa.cluster.copyBootstrap',
          label: `$(copy) ${t('Copy bootstrap address')}`,
          detail: state.bootstrap,
        },
        { command: 'samsa.topic.create', label: `$(add) ${t('Create topic')}` },
        { command: 'samsa.message.produce', label: `$(send) ${t('Produce a message')}` },
        { command: 'samsa.replicas.open', label: `$(layers) ${t('Show replicas')}` },
        { command: 'samsa.terminal.open', label: `$(terminal) ${t('Open Kafka terminal')}` },
        { command: 'samsa.cluster.restart', label: `$(debug-restart) ${t('Restart cluster')}` },
        {
          command: 'samsa.cluster.stop',
          label: `$(debug-stop) ${t('Stop cluster')}`,
          ...(state.kind === 'attached'
            ? { detail: t('It belongs to another window or terminal and stops there too') }
            : {}),
        },
      ];
  }
}

function always(): readonly MenuEntry[] {
  return [
    { command: 'samsa.cluster.openDataFolder', label: `$(folder-opened) ${t('Open data folder')}` },
    { command: 'samsa.cluster.showLog', label: `$(output) ${t('Show cluster log')}` },
    { command: 'samsa.cluster.openSettings', label: `$(settings-gear) ${t('Open settings')}` },
  ];
}
