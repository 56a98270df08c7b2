import type { FaultWeights } from './world/fault-schedule.ts';
import type { ClusterShape } from './world/sim-cluster.ts';
import type { NetworkWeather } from './world/sim-network.ts';
import type { SimRandom } from './world/sim-random.ts';

export const TOPIC = 'orders';

/** What one seed does: drawn before anything runs. */
export interface Plan {
  readonly description: string;
  readonly shape: ClusterShape;
  readonly weather: NetworkWeather;
  readonly weights: FaultWeights;
  /** Between two faults at the most. */
  readonly maxPauseMs: number;
  readonly stormMs: number;
  readonly partitions: readonly number[];
  readonly topicConfig: Readonly<Record<string, string>>;
  readonly producers: readonly { readonly batches: number; readonly pauseMs: number }[];
  readonly consumers: readonly unknown[];
  readonly maxInFlight: number;
  /** Offsets that are committed. */
  readonly commits: number;
}

const CALM: NetworkWeather = {
  minDelayMs: 0.1,
  maxDelayMs: 2,
  longDelayChance: 0.002,
  longDelayMs: 60,
  resetChance: 0,
  silenceChance: 0,
};
const ROUGH: NetworkWeather = {
  minDelayMs: 0.2,
  maxDelayMs: 15,
  longDelayChance: 0.03,
  longDelayMs: 700,
  resetChance: 0.004,
  silenceChance: 0.001,
};

/** Snapshots of the metadata, and a log that does not reach back far. */
const OFTEN = { 'metadata.log.max.record.bytes.between.snapshots': '1500', 'metadata.max.retention.bytes': '3000' };

export function planOf(random: SimRandom): Plan {
  const brokers = random.chance(0.25) ? 4 : 3;
  const hasOwnControllers = random.chance(0.1);
  const hasLateBroker = brokers === 4 && random.chance(0.5);
  const isLateBrokerController = hasLateBroker && !hasOwnControllers && random.chance(0.7);
  const hasSnapshots = random.chance(0.4);
  const isRough = random.chance(0.5);
  // Each run has its own mixture: a fault that never comes makes room for those that do.
  const weight = (most: number): number => (random.chance(0.35) ? 0 : random.between(0, most));
  const weights: FaultWeights = {
    kill: weight(4),
    killMany: weight(0.7),
    stop: weight(2),
    losePower: weight(2),
    freeze: weight(2),
    isolate: weight(3),
    oneWay: weight(2),
    slow: weight(1.5),
    elect: weight(1.5),
    reassign: weight(1.5),
    createOrDelete: weight(1),
    configure: weight(0.5),
    changeVoters: isLateBrokerController ? 2 : 0,
  };
  const maxPauseMs = random.between(300, 2_500);
  const stormMs = random.between(5_000, 14_000);
  const pauseMs = random.between(40, 400);
  const batches = Math.round((stormMs / pauseMs) * random.between(0.6, 2));
  const producers = Array.from({ length: 1 + random.int(2) }, () => ({ batches: Math.min(batches, 120), pauseMs }));
  return {
    description:
      `${brokers} brokers${hasLateBroker ? `, the last one late${isLateBrokerController ? ' and perhaps a voter' : ''}` : ''}${hasOwnControllers ? ', 3 controllers' : ''}, ` +
      `${isRough ? 'rough' : 'calm'} network, ${Math.round(stormMs)} ms of faults`,
    shape: {
      brokers,
      voters: 3,
      hasOwnControllers,
      hasLateBroker,
      isLateBrokerController,
      config: hasSnapshots ? OFTEN : {},
    },
    weather: isRough ? ROUGH : CALM,
    weights,
    maxPauseMs,
    stormMs,
    partitions: [0, 1],
    topicConfig: random.chance(0.4) ? { 'internal.segment.bytes': '1500' } : {},
    producers,
    consumers: Array.from({ length: 1 + random.int(2) }),
    maxInFlight: 1 + random.int(3),
    commits: 3 + random.int(10),
  };
}
