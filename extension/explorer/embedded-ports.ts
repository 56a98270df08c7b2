import { ClusterClient } from '../client/cluster-client.ts';
import { ChildProcessClusterHost } from '../cluster/child-process-cluster-host.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { ClusterHost } from '../cluster/cluster-host.ts';
import type { ClusterOptions } from '../cluster/cluster-options.ts';
import { findClusterHost, SharedClusterHost } from '../cluster/shared-cluster-host.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import type { SessionPorts, StartableHost } from './embedded-session.ts';

/** The session's way to real processes and sockets. `settings` may throw; the error is for people. */
export function embeddedPorts(settings: () => ClusterSettings): SessionPorts<ClusterClient> {
  return {
    makeHost: async () => {
      const { host, options } = checked(settings);
      const makeOwn = host === 'extensionHost' ? await inProcess() : () => new ChildProcessClusterHost();
      return startable(new SharedClusterHost(makeOwn), options);
    },
    findHost: async () => {
      const { options } = checked(settings);
      const host = await findClusterHost(options.dataDir);
      return host && startable(host, options);
    },
    connect: (bootstrap) => new ClusterClient({ bootstrap, clientId: 'samsa-explorer' }),
    disconnect: (client) => client.close(),
  };
}

/** The whole broker comes with it, so it is loaded only where it is wanted. */
async function inProcess(): Promise<() => ClusterHost> {
  const { InProcessClusterHost } = await import('../cluster/in-process-cluster-host.ts');
  return () => new InProcessClusterHost();
}

function checked(settings: () => ClusterSettings): ClusterSettings {
  try {
    return settings();
  } catch (error) {
    throw new ClusterError('BAD_ARGUMENT', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function startable(host: ClusterHost, options: ClusterOptions): StartableHost {
  return {
    get kind() {
      return host.kind;
    },
    get ready() {
      return host.ready;
    },
    start: () => host.start(options),
    send: (op, args) => host.send(op, args),
    onEvent: (listener) => host.onEvent(listener),
    onEnd: (listener) => host.onEnd(listener),
    stop: () => host.stop(),
    dispose: () => host.dispose(),
  };
}
