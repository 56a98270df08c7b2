import type * as vscode from 'vscode';
import type { ClusterEvent } from '../shared/cluster-protocol.ts';
import type { SessionState } from './cluster-session.ts';
import type { ClusterSession } from './cluster-session.ts';
import type { Disposable } from './emitter.ts';

/** Writes what the brokers and the session say into the output channel. */
export function logCluster<Client>(session: ClusterSession<Client>, channel: vscode.LogOutputChannel): Disposable {
  const subscriptions = [
    session.onDidReceiveEvent((event) => logEvent(channel, event)),
    session.onDidChange((state) => logState(channel, state)),
  ];
  return { dispose: () => subscriptions.forEach((subscription) => subscription.dispose()) };
}

function logState(channel: vscode.LogOutputChannel, state: SessionState): void {
  if (state.kind === 'failed') channel.error(`Cluster failed (${state.code}): ${state.message}`);
  else if (state.kind === 'running') channel.info(`Cluster runs at ${state.bootstrap}, data in ${state.dataDir}`);
  else if (state.kind === 'attached')
    channel.info(`Attached to the cluster of process ${state.pid} at ${state.bootstrap}`);
  // Each step of a start has a line of its own already.
  else if (state.kind !== 'starting' || state.progress === undefined) channel.info(`Cluster is ${state.kind}`);
}

function logEvent(channel: vscode.LogOutputChannel, event: ClusterEvent): void {
  switch (event.event) {
    case 'log':
      return channel[event.level](`[broker ${event.broker}] ${event.message}`);
    case 'broker-state': {
      const text = `Broker ${event.broker} is ${event.state}`;
      return event.error === undefined ? channel.info(text) : channel.error(`${text}: ${event.error}`);
    }
    case 'controller':
      return channel.info(`Broker ${event.controller} is the active controller, epoch ${event.epoch}`);
    case 'leader':
      return channel.info(
        `${event.topic}-${event.partition}: ${leader(event.leader)}, epoch ${event.epoch} (${event.reason})`,
      );
    case 'isr':
      return channel.info(`${event.topic}-${event.partition}: in sync [${event.isr.join(', ')}] (${event.reason})`);
    case 'quorum': {
      const text = event.leader < 0 ? 'has no leader' : `is led by node ${event.leader}`;
      return channel.info(`The metadata quorum ${text}, epoch ${event.epoch} (${event.reason})`);
    }
    case 'registration':
      return channel.info(`Broker ${event.broker} is ${event.state}, epoch ${event.epoch} (${event.reason})`);
    case 'truncated':
      return channel.warn(
        `${event.topic}-${event.partition}: broker ${event.broker} cut its log from ${event.from} to ${event.to}, ` +
          `${event.records} records are gone`,
      );
    case 'uncleanable':
      return channel.warn(
        `${event.topic}-${event.partition}: broker ${event.broker} can't compact it: ${event.reason}`,
      );
    case 'fault':
    case 'progress':
      return channel.info(event.event === 'fault' ? event.reason : event.message);
    // The session's state says these.
    case 'bootstrap':
    case 'ready':
    case 'failed':
      return;
  }
}

function leader(id: number): string {
  return id < 0 ? 'no leader' : `broker ${id} leads`;
}
