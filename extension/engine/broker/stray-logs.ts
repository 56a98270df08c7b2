import type { Logger } from '../common/logger.ts';
import type { LogManager } from '../log/log-manager.ts';
import type { MetadataImage } from '../metadata/metadata-image.ts';
import { directoryOf } from '../metadata/partition-registration.ts';

/**
 * Sets aside the logs that no topic claims any more: the topic was deleted, or the partition moved, while this broker was
 * down. To be called once the whole image is known, before any partition is opened.
 */
export function setAsideStrayLogs(logs: LogManager, image: MetadataImage, brokerId: number, logger: Logger): void {
  const futures = [...logs.moves.futures.values()].map(({ log }) => log);
  for (const log of [...logs.logs(), ...futures]) {
    const topic = image.topics.get(log.topic);
    const registration = topic?.partitions[log.partition];
    const isSameTopic = log.topicId === undefined || log.topicId === topic?.id;
    if (isSameTopic && registration?.replicas.includes(brokerId) === true) continue;
    logger.warn(`${log.directory} belongs to no partition of this broker any more: it is set aside`);
    logs.markStray(log.topic, log.partition);
  }
}

/**
 * Finishes moves between log directories that the controller has on record but that the last stop interrupted: the copy
 * takes the place of the log, unless it lacks something. Then the log serves, and the move goes on.
 */
export function finishAbandonedMoves(logs: LogManager, image: MetadataImage, brokerId: number, logger: Logger): void {
  for (const { log: future, directory } of [...logs.moves.futures.values()]) {
    const { topic, partition } = future;
    const registration = image.topics.partition(topic, partition);
    if (registration === undefined || directoryOf(registration, brokerId) !== directory.directoryId) continue;
    const current = logs.get(topic, partition);
    if (current !== undefined && current.logEndOffset > future.logEndOffset) continue;
    try {
      logs.moves.promote(topic, partition);
    } catch (error) {
      logger.error(`${topic}-${partition} could not be put in its new place in ${directory.path}`, error);
    }
  }
}
