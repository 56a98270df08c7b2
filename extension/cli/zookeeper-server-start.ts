import { print, type Tool } from './tool-io.ts';

/** There is no ZooKeeper to start: tutorials go on as if it ran. */
export const run: Tool = (_args, io) => {
  print(
    io.stdout,
    'No ZooKeeper is needed: the brokers keep their metadata in a quorum of their own (KRaft). ' +
      "See it with 'kafka-metadata-quorum.sh --bootstrap-server localhost:9092 describe --status' or in the Samsa view.",
  );
  return Promise.resolve(0);
};
