import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';

/** Creates topics and produces one record, trying again until the broker acknowledges. Resolves with the moment it did. */
export async function firstProduce(port: number, topics: readonly string[], timeoutMs = 60_000): Promise<number> {
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries: 0 },
  });
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const admin = kafka.admin();
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    try {
      await admin.connect();
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !existing.has(topic));
      const wanted = missing.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 }));
      if (wanted.length > 0) await admin.createTopics({ topics: wanted, waitForLeaders: false });
      await producer.connect();
      await producer.send({ topic: topics[0] ?? '', acks: -1, messages: [{ value: 'first' }] });
      return performance.now();
    } catch (error) {
      if (performance.now() > deadline)
        throw new Error(`No produce within ${timeoutMs} ms on port ${port}`, { cause: error });
      await delay(5);
    } finally {
      await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
    }
  }
}
