import { join } from 'node:path';

/** A `server.properties` of the embedded cluster's first broker, in Kafka's format. */
export function serverProperties(port: number, dataDir: string): string {
  const clientPort = port === 0 ? 9092 : port;
  return [
    '# The embedded cluster as Samsa runs it. Written anew for each Kafka terminal: change the settings instead.',
    'process.roles=broker,controller',
    'node.id=1',
    `listeners=PLAINTEXT://127.0.0.1:${clientPort},CONTROLLER://127.0.0.1:${clientPort + 1000}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${clientPort}`,
    'controller.listener.names=CONTROLLER',
    `controller.quorum.bootstrap.servers=127.0.0.1:${clientPort + 1000}`,
    `log.dirs=${propertyValue(join(dataDir, 'broker-1'))}`,
    '',
  ].join('\n');
}

/** In a Java properties file a backslash escapes what follows it. */
function propertyValue(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

/** Here because tutorials name the file. */
export const zookeeperProperties = [
  '# Kafka 4 needs no ZooKeeper: the brokers keep their metadata in a quorum of their own.',
  'clientPort=2181',
  '',
].join('\n');
