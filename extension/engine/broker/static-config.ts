import type { BrokerConfigInput, Listener } from './broker-options.ts';

/** The server.properties that this input amounts to: what DescribeConfigs shows as static. */
export function staticConfig(input: BrokerConfigInput): Record<string, string> {
  const security = new Set([...input.listeners, input.controllerListener].map(({ name }) => `${name}:PLAINTEXT`));
  return {
    'process.roles': 'broker,controller',
    'node.id': String(input.nodeId),
    'log.dirs': input.logDirs.join(','),
    listeners: [...input.listeners, input.controllerListener].map(listenerText).join(','),
    'advertised.listeners': input.advertisedListeners.map(listenerText).join(','),
    'controller.listener.names': input.controllerListener.name,
    'listener.security.protocol.map': [...security].join(','),
    ...input.config,
  };
}

function listenerText({ name, host, port }: Listener): string {
  return `${name}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
