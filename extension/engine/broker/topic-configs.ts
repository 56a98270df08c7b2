import { parseLogConfig } from '../log/log-config.ts';
import type { ConfigResolver, ConfigValues } from '../metadata/config-resolver.ts';
import type { ConfigsImage } from '../metadata/metadata-image.ts';
import type { TopicConfig } from './replica-manager.ts';

/** Effective topic configs, parsed. Topics without configs of their own share one object. */
export class TopicConfigs {
  readonly #resolver: ConfigResolver;
  #last: { values: ConfigValues; parsed: TopicConfig } | undefined;

  constructor(resolver: ConfigResolver) {
    this.#resolver = resolver;
  }

  of(configs: ConfigsImage, topic: string): TopicConfig {
    const values = this.#resolver.topic(configs, topic);
    if (this.#last?.values === values) return this.#last.parsed;
    const parsed = {
      log: parseLogConfig(values),
      minInsyncReplicas: Number(values['min.insync.replicas'] ?? 1),
      leaderThrottledReplicas: values['leader.replication.throttled.replicas'] ?? '',
      followerThrottledReplicas: values['follower.replication.throttled.replicas'] ?? '',
    };
    this.#last = { values, parsed };
    return parsed;
  }
}
