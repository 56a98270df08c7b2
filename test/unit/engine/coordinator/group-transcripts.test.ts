import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CoordinatorFixture } from './coordinator-fixture.ts';
import { scenarios } from './group-scenarios.ts';
import { Transcript } from './transcript.ts';

/** What Apache Kafka 4.3.1 answered and wrote; see record-transcripts.ts. */
const recorded = JSON.parse(
  readFileSync(new URL('../../../fixtures/group-coordinator/transcripts.json', import.meta.url), 'utf8'),
) as Record<string, string[]>;

async function play(scenario: (typeof scenarios)[number]): Promise<string[]> {
  const fixture = await new CoordinatorFixture({}, undefined, 50).start();
  const transcript = new Transcript({
    suffix: '-ours',
    topicId: (name) => fixture.topics.topicId(name)!,
    send: (api, version, message, clientId) => fixture.send(api, version, message, { clientId }),
    settle: () => fixture.clock.advance(),
    wait: (ms) => fixture.clock.advance(ms),
    written: (groupId) => Promise.resolve(fixture.log.batches(fixture.service.partitionFor(groupId))),
  });
  await scenario.play(transcript);
  return transcript.lines;
}

describe('the group coordinator answers and writes what Apache Kafka does', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (name, scenario) => {
    expect(await play(scenario)).toEqual(recorded[name]);
  });
});
