import type { ToolModule } from './tool-io.ts';

/** Kafka's tools by short name; `kafka-NAME.sh` runs each. Loaded when run: start-up time is most of a short command. */
export const TOOLS: Readonly<Record<string, () => Promise<ToolModule>>> = {
  topics: () => import('./topics.ts'),
  'console-producer': () => import('./console-producer.ts'),
  'console-consumer': () => import('./console-consumer.ts'),
  'consumer-groups': () => import('./consumer-groups.ts'),
  configs: () => import('./configs.ts'),
  'get-offsets': () => import('./get-offsets.ts'),
  'delete-records': () => import('./delete-records.ts'),
  'log-dirs': () => import('./log-dirs.ts'),
  'broker-api-versions': () => import('./broker-api-versions.ts'),
  'leader-election': () => import('./leader-election.ts'),
  cluster: () => import('./cluster.ts'),
  features: () => import('./features.ts'),
  'metadata-quorum': () => import('./metadata-quorum.ts'),
  'reassign-partitions': () => import('./reassign-partitions.ts'),
  'dump-log': () => import('./dump-log.ts'),
  'server-start': () => import('./server-start.ts'),
  'zookeeper-server-start': () => import('./zookeeper-server-start.ts'),
};
