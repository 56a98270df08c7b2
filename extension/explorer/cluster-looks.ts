import { formatDuration, plural } from '../shared/format.ts';
import type { ClusterErrorCode } from '../shared/cluster-protocol.ts';
import type { CommandId } from '../commands/command-id.ts';
import { t } from '../settings/localize.ts';
import type { SessionState } from './cluster-session.ts';
import { escapeMarkdown, factSheet } from './markdown.ts';
import { sentence } from './sentence.ts';
import { shortBootstrap } from './short-bootstrap.ts';
import { describeProgress } from './start-progress.ts';
import type { NodeLook, NodeSpec } from './tree-node.ts';

/** The embedded cluster's row. */
export function clusterSpec(session: string, state: SessionState): NodeSpec {
  return {
    key: session,
    target: { kind: 'cluster', session },
    look: clusterLook(state),
    // Also while there is nothing below it yet: VS Code does not open by itself what becomes expandable later.
    children: state.kind === 'off' ? 'none' : 'expanded',
  };
}

function clusterLook(state: SessionState): NodeLook {
  const label = t('Embedded cluster');
  const contextValue = `cluster.${state.kind}` as const;
  switch (state.kind) {
    case 'off':
      return { label, contextValue, description: t('off'), icon: 'circle-outline' };
    case 'starting': {
      const facts = [t('starting'), ...(state.progress === undefined ? [] : [describeProgress(state.progress)])];
      return { label, contextValue, description: facts.join(' · '), icon: 'loading~spin' };
    }
    case 'stopping':
      return { label, contextValue, description: t('stopping'), icon: 'loading~spin' };
    case 'failed':
      return { label, contextValue, description: t('not running'), icon: 'warning', iconColor: 'charts.red' };
    case 'running':
    case 'attached': {
      const isOwn = state.kind === 'running';
      const address = shortBootstrap(state.bootstrap);
      return {
        label,
        contextValue,
        description: isOwn ? address : t('{0} · other window', address),
        icon: 'server-environment',
        tooltip: factSheet(label, [
          [t('Bootstrap'), state.bootstrap],
          [t('Cluster id'), state.clusterId],
          [t('Data'), state.dataDir],
          [t('Process'), String(state.pid)],
          [t('Started in'), isOwn && state.startupMs > 0 ? formatDuration(Math.round(state.startupMs)) : undefined],
          [t('Runs in'), isOwn ? t('this window') : t('another window or a terminal')],
        ]),
      };
    }
  }
}

/** What helps against each way of failing; the first is one click away, the others are in the row's menu. */
const waysOut: Readonly<Partial<Record<ClusterErrorCode, readonly [CommandId, string]>>> = {
  PORT_IN_USE: ['samsa.cluster.useAnotherPort', 'Use another port'],
  DIRECTORY_LOCKED: ['samsa.cluster.useAnotherDirectory', 'Use another data folder'],
  DIRECTORY_UNWRITABLE: ['samsa.cluster.useAnotherDirectory', 'Use another data folder'],
  CLUSTER_ID_MISMATCH: ['samsa.cluster.useAnotherDirectory', 'Use another data folder'],
  CORRUPT_METADATA: ['samsa.cluster.useAnotherDirectory', 'Use another data folder'],
  DISK_FULL: ['samsa.cluster.useAnotherDirectory', 'Use another data folder'],
  BAD_ARGUMENT: ['samsa.cluster.openSettings', 'Open settings'],
};

/** The command, and its title, that leads out of a failed start. */
export function wayOut(code: ClusterErrorCode): readonly [CommandId, string] {
  const [command, title] = waysOut[code] ?? ['samsa.cluster.start', 'Start again'];
  return [command, t(title)];
}

/** Why the cluster does not run, and what to do about it. */
export function startErrorSpec(code: ClusterErrorCode, message: string): NodeSpec {
  const [id, title] = wayOut(code);
  return {
    key: 'error',
    target: { kind: 'error' },
    look: {
      label: message,
      contextValue: `error.${code}`,
      icon: 'error',
      iconColor: 'problemsErrorIcon.foreground',
      tooltip: `${escapeMarkdown(message)}\n\n${escapeMarkdown(t('Click: {0}', title))}`,
      accessibilityLabel: t('Error: {0} Press Enter: {1}', message, title),
      command: { id, title, args: [] },
    },
    children: 'none',
  };
}

/** Why one node could not be read. */
export function readErrorSpec(error: unknown): NodeSpec {
  const message = sentence(error);
  const title = t('Try again');
  return {
    key: 'error',
    target: { kind: 'error' },
    look: {
      label: message,
      contextValue: 'error.read',
      icon: 'error',
      iconColor: 'problemsErrorIcon.foreground',
      tooltip: `${escapeMarkdown(message)}\n\n${escapeMarkdown(t('Click: {0}', title))}`,
      command: { id: 'samsa.explorer.refresh', title, args: [] },
    },
    children: 'none',
  };
}

/** A row where nothing is, so that an open folder never looks broken. */
export function emptySpec(label: string, hint = label): NodeSpec {
  return {
    key: 'empty',
    target: { kind: 'empty' },
    look: { label, contextValue: 'empty', icon: 'dash', dimmed: true, tooltip: escapeMarkdown(hint) },
    children: 'none',
  };
}

export function moreSpec(parentId: string, hidden: number): NodeSpec {
  const title = t('Show more');
  return {
    key: 'more',
    target: { kind: 'more' },
    look: {
      label: title,
      description: t('{0} not shown', plural(hidden, 'row')),
      contextValue: 'more',
      icon: 'ellipsis',
      command: { id: 'samsa.explorer.showMore', title, args: [parentId] },
    },
    children: 'none',
  };
}
