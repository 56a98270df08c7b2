import type { Logger } from '../common/logger.ts';
import type { LogManager } from '../log/log-manager.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';

/**
 * Sets aside the logs that no topic claims any more: the topic was deleted, or the partition moved, while this broker was
 * down. To be called once the whole image is known, before any partition is opened.
 */
export function setAsideStrayLogs(logs: LogManager, image: MetadataImage, brokerId: number, logger: Logger): void {
  for (const log of [...logs.logs()]) {
    const topic = image.topics.get(log.topic);
    const registration = topic?.partitions[log.partition];
    const isSameTopic = log.topicId === undefined || log.topicId === topic?.id;
    if (isSameTopic && registration?.replicas.includes(brokerId) === true) continue;
    logger.warn(`${log.directory} belongs to no partition of this broker any more: it is set aside`);
    logs.markStray(log.topic, log.partition);
  }
}
