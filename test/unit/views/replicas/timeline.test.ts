import { expect, test } from 'vitest';
import { Timeline } from '../../../../extension/views/replicas/timeline.ts';
import type { ClusterEvent } from '../../../../extension/shared/cluster-protocol.ts';

function timelineOf(topic: string | null, ...events: ClusterEvent[]): Timeline {
  const timeline = new Timeline(topic);
  for (const [index, event] of events.entries()) timeline.add({ seq: index + 1, atMs: index, ...event });
  return timeline;
}

const leader = { event: 'leader', topic: 'A', partition: 2, leader: 3, epoch: 4, reason: '3 is first alive' } as const;

test('reads like the story of the notes', () => {
  const { entries } = timelineOf(
    null,
    {
      event: 'leader',
      topic: 'A',
      partition: 2,
      leader: 2,
      epoch: 3,
      isr: [2, 3, 1],
      reason: 'the partition was made',
    },
    { event: 'broker-state', broker: 2, state: 'killed' },
    { event: 'registration', broker: 2, state: 'fenced', epoch: 7, reason: 'broker 2 stopped answering' },
    { event: 'isr', topic: 'A', partition: 2, isr: [3, 1], reason: 'broker 2 is fenced' },
    { ...leader, isr: [3, 1], reason: '3 is first alive; epoch 4' },
  );
  expect(entries.map(({ text, detail, tone }) => `${tone}: ${text} | ${detail}`)).toEqual([
    'plain: A-2: 2 leads. The partition was made. | epoch 3',
    'trouble: Broker 2 was killed. | ',
    'trouble: Broker 2 stopped answering. | fenced',
    'caution: A-2: ISR shrinks. Broker 2 is fenced. | [2,3,1] → [3,1]',
    'plain: A-2: 3 leads. 3 is first alive. | epoch 4',
  ]);
});

test('says what an unclean election cost', () => {
  const { entries } = timelineOf(
    null,
    { ...leader, unclean: true },
    { event: 'truncated', broker: 1, topic: 'A', partition: 2, from: 100, to: 88, records: 12 },
  );
  expect(entries.map(({ text, tone }) => [tone, text])).toEqual([
    ['trouble', 'A-2: 3 leads, elected uncleanly. 3 is first alive.'],
    ['trouble', 'A-2: broker 1 follows and cuts its log to what the leader has; 12 records are lost.'],
  ]);
});

test('says which log is not compacted any more', () => {
  const { entries } = timelineOf('A', {
    event: 'uncleanable',
    broker: 3,
    topic: 'A',
    partition: 2,
    reason: 'the batch at offset 5 is damaged',
  });
  expect(entries).toMatchObject([
    {
      tone: 'caution',
      text: "A-2: broker 3 can't compact it and leaves it alone. The batch at offset 5 is damaged.",
      partition: 2,
    },
  ]);
});

test('an ISR that stays as it was is not said to change', () => {
  const isr = { event: 'isr', topic: 'A', partition: 0, isr: [2, 3], reason: 'a reassignment was asked for' } as const;
  const { entries } = timelineOf(null, isr, isr);
  expect(entries.map(({ tone, text, detail }) => `${tone}: ${text} | ${detail}`)).toEqual([
    'plain: A-0: ISR changes. A reassignment was asked for. | [2,3]',
    'plain: A-0: A reassignment was asked for. | [2,3]',
  ]);
});

test('a broker that stops in order is fenced on purpose', () => {
  const fenced = { event: 'registration', broker: 2, state: 'fenced', epoch: 7, reason: 'broker 2 stops' } as const;
  const { entries } = timelineOf(
    null,
    { event: 'broker-state', broker: 2, state: 'stopping' },
    fenced,
    { event: 'broker-state', broker: 2, state: 'stopped' },
    fenced,
  );
  expect(entries.map(({ tone }) => tone)).toEqual(['plain', 'plain', 'caution', 'trouble']);
});

test('of one topic has that topic and what concerns all', () => {
  const { entries } = timelineOf(
    'A',
    leader,
    { ...leader, topic: 'B' },
    { event: 'controller', controller: 3, epoch: 9 },
    { event: 'log', level: 'info', broker: 1, message: 'noise' },
  );
  expect(entries.map(({ text }) => text)).toEqual(['A-2: 3 leads. 3 is first alive.', 'Node 3 is the controller.']);
});

test('counts the rest of a burst in one entry', () => {
  const timeline = new Timeline(null);
  for (let seq = 1; seq <= 40; seq++) timeline.add({ ...leader, partition: seq, seq, atMs: 1000 + seq });
  expect(timeline.entries).toHaveLength(13);
  expect(timeline.entries.at(-1)).toMatchObject({ folded: true, text: 'The same for 28 more leaders.' });
  timeline.add({ event: 'controller', controller: 1, epoch: 2, seq: 41, atMs: 1050 });
  expect(timeline.entries.at(-1)?.text).toBe('Node 1 is the controller.');
});

test('takes an event once, and those of another run from their beginning', () => {
  const timeline = timelineOf(null, leader, leader);
  expect(timeline.add({ ...leader, seq: 2 })).toBe(false);
  timeline.newRun();
  expect(timeline.add({ ...leader, seq: 1 })).toBe(true);
  expect(timeline.entries.map(({ id }) => id)).toEqual([1, 2, 3]);
});
