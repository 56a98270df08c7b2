/** What a user says about the cluster to start. */
export interface ClusterOptions {
  /** How many brokers; by default as many as the data directory holds, 1 for a new one. */
  readonly brokers?: number;
  /** How many nodes that are controllers only: 1, 3 or 5. By default brokers are the quorum. */
  readonly controllers?: number;
  /** Client port of broker 1, broker *i* gets `port + i - 1`; 9092 by default, 0 for any free ports. */
  readonly port?: number;
  /** Controller port of broker 1, or of the first controller; `port + 1000` by default. */
  readonly controllerPort?: number;
  /** Holds `broker-<id>/` for each broker. A temporary one, removed at the end, by default. */
  readonly dataDir?: string;
  /** Racks of the brokers in order of their ids, again from the first when they run out. */
  readonly racks?: readonly string[];
  /** Broker configs by Kafka's names, for every node. */
  readonly config?: Readonly<Record<string, string>>;
}

export const DEFAULT_PORT = 9092;
/** Where a broker's controller listener lies above its client listener. */
export const CONTROLLER_PORT_OFFSET = 1000;

/** The arguments of `samsa start` that mean the same. */
export function startArguments(options: ClusterOptions): string[] {
  const given = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`${name}=${value}`];
  return [
    ...given('--brokers', options.brokers),
    ...given('--controllers', options.controllers),
    ...given('--port', options.port),
    ...given('--controller-port', options.controllerPort),
    ...given('--data-dir', options.dataDir),
    ...given('--racks', options.racks?.join(',')),
    ...Object.entries(options.config ?? {}).flatMap(([name, value]) => `--config=${name}=${value}`),
  ];
}
