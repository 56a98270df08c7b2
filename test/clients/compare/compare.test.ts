import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApacheKafka } from '../../support/apache-kafka.ts';
import { SamsaCluster } from '../../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../support/temporary-directory.ts';
import { lacks } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { Side, versionsOf, type Json } from './both-brokers.ts';
import type { Comparison } from './comparison.ts';
import { comparisons } from './requests.ts';

/** What of the two brokers' configuration would show as a difference. */
const SAME_CONFIG = {
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '5',
};

async function ask(side: Side, comparison: Comparison, version: number): Promise<Json> {
  const send = (): Promise<Json> => side.send(comparison.api, version, comparison.body(version, side));
  const { until: isLasting } = comparison;
  if (isLasting === undefined) return send();
  return until(`${side.name} has a lasting answer`, async () => {
    const answer = await send();
    return isLasting(JSON.stringify(answer)) ? answer : undefined;
  });
}

/** The same requests to Apache Kafka and to Samsa, in every version: the answers must be the same. */
describe.skipIf(lacks('apache-kafka'))('the same request to Apache Kafka and to Samsa', () => {
  let directory: TemporaryDirectory;
  let kafka: ApacheKafka;
  let samsa: SamsaCluster;
  let sides: [Side, Side];

  beforeAll(async () => {
    directory = await temporaryDirectory('compare');
    const args = Object.entries(SAME_CONFIG).flatMap(([name, value]) => ['--config', `${name}=${value}`]);
    [kafka, samsa] = await Promise.all([
      ApacheKafka.start({ directory: `${directory.path}/kafka`, properties: SAME_CONFIG }),
      SamsaCluster.start({ args }),
    ]);
    sides = [await Side.connect('Apache Kafka', kafka.port), await Side.connect('Samsa', samsa.port)];
  });

  afterAll(async () => {
    for (const side of sides ?? []) side.connection.close();
    await Promise.all([kafka?.stop(), samsa?.stop()]);
    await directory?.[Symbol.asyncDispose]();
  });

  it('is offered in the same versions', () => {
    const [theirs, ours] = sides.map((side) => new Map(side.connection.versions));
    const offered = [...ours!].map(([key, range]) => [key, range]);
    expect(offered.length).toBeGreaterThan(25);
    expect(offered).toEqual([...ours!.keys()].map((key) => [key, theirs!.get(key)]));
  });

  it.each(comparisons.map((comparison) => [`${comparison.api}: ${comparison.what}`, comparison] as const))(
    '%s',
    async (_, comparison) => {
      for (const version of versionsOf(comparison.api)) {
        if (comparison.versions?.(version) === false) continue;
        const [theirs, ours] = await Promise.all(sides.map((side) => ask(side, comparison, version)));
        expect({ version, answer: ours }).toEqual({ version, answer: theirs });
      }
    },
  );
});
