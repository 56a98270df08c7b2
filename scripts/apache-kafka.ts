// node scripts/verb.mjs apache-kafka: fetches Apache Kafka's jars, which tests compare Samsa with.

import { apacheKafkaHome, apacheKafkaVersion, installApacheKafka } from '../test/support/apache-kafka-home.ts';

await installApacheKafka();
console.log(`Apache Kafka ${apacheKafkaVersion} is in ${apacheKafkaHome}`);
