/** What a user says about the cluster to start. */
export interface ClusterOptions {
  /** How many brokers; 1 by default. */
  readonly brokers?: number;
  /** Client port of broker 1, broker *i* gets `port + i - 1`; 9092 by default, 0 for any free ports. */
  readonly port?: number;
  /** Controller port of broker 1; `port + 1000` by default. */
  readonly controllerPort?: number;
  /** Holds `broker-<id>/` for each broker. A temporary one, removed at the end, by default. */
  readonly dataDir?: string;
  /** Broker configs by Kafka's names, for every broker. */
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
    ...given('--port', options.port),
    ...given('--controller-port', options.controllerPort),
    ...given('--data-dir', options.dataDir),
    ...Object.entries(options.config ?? {}).flatMap(([name, value]) => `--config=${name}=${value}`),
  ];
}
