import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { CreateTopicsResponseInput } from '../../../../extension/protocol/generated/create-topics-response.ts';
import type { MetadataDelta } from '../../../../extension/engine/metadata/metadata-delta.ts';
import type { MetadataImage } from '../../../../extension/engine/metadata/metadata-image.ts';
import { decodeMetadataRecord } from '../../../../extension/engine/metadata/metadata-record.ts';
import type { QuorumController } from '../../../../extension/engine/metadata/quorum-controller.ts';
import { settle } from '../../../support/fake-clock.ts';
import { brokerRecord, CLUSTER_ID, controllerFixture, uuid } from './metadata-fixture.ts';
import type { ControllerFixture } from './metadata-fixture.ts';

const none = { unknownTaggedFields: undefined };

function create(controller: QuorumController, name: string, validateOnly = false): Promise<CreateTopicsResponseInput> {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...none };
  return controller.createTopics({ topics: [topic], timeoutMs: 1, validateOnly, ...none });
}

/** Whether a promise is settled, and how. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = 'pending';
  promise.then(
    (value) => (result = value),
    (error: unknown) => (result = error),
  );
  await settle();
  return result;
}

/** Types of the committed records, batch by batch. */
function types({ raft }: ControllerFixture): string[][] {
  return raft.log.map(({ records }) => records.map((record) => decodeMetadataRecord(record).type));
}

/** This node leads and has broker 1. */
async function active(options: Parameters<typeof controllerFixture>[0] = {}): Promise<ControllerFixture> {
  const fixture = controllerFixture(options);
  fixture.raft.elect(1, 1);
  fixture.raft.commit();
  fixture.raft.commitFromElsewhere(1, [brokerRecord({ id: 1 })]);
  await settle();
  return fixture;
}

describe('activation', () => {
  test('of an empty log writes what a new cluster begins with, in one transaction', () => {
    const fixture = controllerFixture();
    expect(fixture.controller.isActive).toBe(false);
    fixture.raft.elect(1, 1);
    fixture.raft.commit();
    expect(types(fixture)).toEqual([
      [
        'BEGIN_TRANSACTION_RECORD',
        ...Array.from({ length: 6 }, () => 'FEATURE_LEVEL_RECORD'),
        'CONFIG_RECORD',
        'END_TRANSACTION_RECORD',
      ],
      ['REGISTER_CONTROLLER_RECORD'],
    ]);
    const { image } = fixture.loader;
    expect(image.features.metadataVersion).toBe(30);
    expect([...image.configs.get(4, '')]).toEqual([['min.insync.replicas', '1']]);
    expect(image.cluster.controllers.get(1)?.listeners[0]?.port).toBe(10092);
  });

  test('takes the records of bootstrap.checkpoint where there are some', () => {
    // metadata.version 17 has neither ELR nor the other features.
    const fixture = controllerFixture({
      bootstrap: [Buffer.from('010c00116d657461646174612e76657273696f6e001100', 'hex')],
    });
    fixture.raft.elect(1, 1);
    fixture.raft.commit();
    expect(fixture.loader.image.features).toMatchObject({ metadataVersion: 17 });
    expect(fixture.loader.image.features.levels.size).toBe(0);
    expect(fixture.loader.image.configs.resources.size).toBe(0);
  });

  test('of a log that has records registers the controller and nothing else', () => {
    const fixture = controllerFixture();
    fixture.raft.elect(1, 1);
    fixture.raft.commit();
    fixture.raft.elect(-1, 1);
    fixture.raft.elect(1, 2);
    fixture.raft.commit();
    expect(types(fixture)).toHaveLength(2);
    expect(fixture.loader.image.cluster.controllers.size).toBe(1);
  });

  test('aborts a transaction that the last controller left open', () => {
    const fixture = controllerFixture();
    fixture.raft.elect(1, 1);
    fixture.raft.commit();
    fixture.raft.elect(2, 2);
    fixture.raft.commitFromElsewhere(2, [
      { type: 'BEGIN_TRANSACTION_RECORD', version: 0, data: { name: 'half' } },
      { type: 'TOPIC_RECORD', version: 0, data: { name: 'half', topicId: uuid(1) } },
    ]);
    fixture.raft.elect(1, 3);
    fixture.raft.commit();
    expect(types(fixture).at(-1)).toEqual(['ABORT_TRANSACTION_RECORD']);
    expect(fixture.loader.image.topics.size).toBe(0);
    expect(fixture.loader.isInTransaction).toBe(false);
  });

  test('is waited for', async () => {
    const fixture = controllerFixture();
    const whenActive = fixture.controller.whenActive();
    expect(await outcome(whenActive)).toBe('pending');
    fixture.raft.elect(1, 1);
    expect(await outcome(whenActive)).toBeUndefined();
    expect(await outcome(fixture.controller.whenActive())).toBeUndefined();
  });
});

describe('a request', () => {
  test('is answered when its records are committed and published, and not before', async () => {
    const { controller, raft, loader } = await active();
    const answer = create(controller, 't');
    expect(await outcome(answer)).toBe('pending');
    expect(loader.image.topics.size).toBe(0);
    raft.commit();
    expect(loader.image.topics.get('t')).toBeDefined();
    expect(await outcome(answer)).toMatchObject({ topics: [{ name: 't', errorCode: 0 }] });
  });

  test('sees what was decided before, committed or not', async () => {
    const { controller, raft } = await active();
    const first = create(controller, 't');
    const second = create(controller, 't');
    // The second one has nothing to write, but what it rests on may still be lost.
    expect(await outcome(second)).toBe('pending');
    raft.commit();
    expect(await outcome(first)).toMatchObject({ topics: [{ errorCode: 0 }] });
    expect(await outcome(second)).toMatchObject({ topics: [{ errorCode: ErrorCode.TOPIC_ALREADY_EXISTS }] });
  });

  test('without records is answered at once when nothing is under way', async () => {
    const { controller } = await active();
    expect(await outcome(create(controller, 'v', true))).toMatchObject({ topics: [{ errorCode: 0 }] });
  });

  test('is answered in order as batches are committed one by one', async () => {
    const { controller, raft } = await active();
    const answers = ['a', 'b', 'c'].map((name) => create(controller, name));
    raft.commit(2);
    expect(await Promise.all(answers.map(outcome))).toEqual([expect.anything(), expect.anything(), 'pending']);
  });

  test('to a node that does not lead is refused', async () => {
    const { controller, raft } = await active();
    raft.elect(2, 2);
    expect(await outcome(create(controller, 't'))).toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
  });

  test('that another leader overtook is refused, and its topic is gone', async () => {
    const { controller, raft, loader } = await active();
    const answer = create(controller, 'lost');
    raft.elect(2, 2);
    expect(await outcome(answer)).toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
    raft.commitFromElsewhere(2, [{ type: 'TOPIC_RECORD', version: 0, data: { name: 'theirs', topicId: uuid(3) } }]);
    raft.elect(1, 3);
    raft.commit();
    expect([...loader.image.topics.byName.keys()]).toEqual(['theirs']);
    const again = create(controller, 'lost');
    raft.commit();
    expect(await outcome(again)).toMatchObject({ topics: [{ errorCode: 0 }] });
  });

  test('that the quorum refuses leaves the image as it was', async () => {
    const { controller, raft } = await active();
    // The quorum knows of the new leader before the controller does.
    raft.leader = { leaderId: 2, epoch: 9 };
    expect(await outcome(create(controller, 't'))).toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
    raft.leader = { leaderId: 1, epoch: 1 };
    const again = create(controller, 't');
    raft.commit();
    expect(await outcome(again)).toMatchObject({ topics: [{ errorCode: 0 }] });
  });

  test('that makes the controller stumble fails alone', async () => {
    const { controller, raft } = await active();
    const broken = { topics: null, timeoutMs: 1, validateOnly: false, ...none } as never;
    expect(await outcome(controller.createTopics(broken))).toMatchObject({ code: ErrorCode.UNKNOWN_SERVER_ERROR });
    const next = create(controller, 't');
    raft.commit();
    expect(await outcome(next)).toMatchObject({ topics: [{ errorCode: 0 }] });
  });

  test('still under way when the node closes is told so', async () => {
    const { controller } = await active();
    const answer = create(controller, 't');
    controller.close();
    expect(await outcome(answer)).toMatchObject({ code: ErrorCode.NOT_CONTROLLER });
  });
});

describe('publishers', () => {
  interface Seen {
    readonly calls: { changed: string[]; image: MetadataImage }[];
    readonly controllers: [number, number][];
  }

  function publisher(seen: Seen, fail = false) {
    return {
      name: 'test',
      onMetadataUpdate(delta: MetadataDelta, image: MetadataImage): void {
        seen.calls.push({ changed: [...delta.topics.changed.values()].map(({ name }) => name), image });
        if (fail) throw new Error('a publisher fails');
      },
      onControllerChange: (id: number, epoch: number) => void seen.controllers.push([id, epoch]),
    };
  }

  test('get everything first, then each change with the image after it', async () => {
    const { controller, raft, loader } = await active();
    void create(controller, 'before');
    raft.commit();
    const seen: Seen = { calls: [], controllers: [] };
    loader.addPublisher(publisher(seen));
    void create(controller, 'after');
    raft.commit();
    expect(seen.calls.map(({ changed }) => changed)).toEqual([['before'], ['after']]);
    expect(seen.calls[0]?.image.topics.get('after')).toBeUndefined();
    expect(seen.calls[1]?.image).toBe(loader.image);
    raft.elect(2, 2);
    expect(seen.controllers).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('that fail do not keep the others from it', async () => {
    const errors: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };
    const { controller, raft, loader } = await active({ logger });
    const seen: Seen = { calls: [], controllers: [] };
    loader.addPublisher(publisher({ calls: [], controllers: [] }, true));
    loader.addPublisher(publisher(seen));
    const answer = create(controller, 't');
    raft.commit();
    expect(await outcome(answer)).toMatchObject({ topics: [{ errorCode: 0 }] });
    expect(seen.calls).toHaveLength(2);
    expect(errors.length).toBeGreaterThan(0);
  });
});

describe('snapshots', () => {
  test('are written after enough bytes, and make the same image', async () => {
    const { controller, raft, loader } = await active({ snapshotMaxBytes: 2000 });
    for (let i = 0; raft.snapshots.length === 0 && i < 100; i++) {
      void create(controller, `t${i}`);
      raft.commit();
    }
    const { id, batches } = raft.snapshots[0]!;
    expect(id).toEqual({ offset: loader.image.provenance.offset + 1, epoch: 1 });
    const other = controllerFixture({ end: id.offset });
    other.controller.onLoadSnapshot({ id, lastContainedLogTimestampMs: 0, batches: () => batches });
    expect([...other.loader.image.topics.byName.keys()]).toEqual([...loader.image.topics.byName.keys()]);
    expect(other.loader.image.provenance.offset).toBe(id.offset - 1);
    // It goes on from there.
    other.raft.elect(1, 2);
    const answer = create(other.controller, 'next');
    other.raft.commit();
    expect(await outcome(answer)).toMatchObject({ topics: [{ errorCode: 0 }] });
  });

  test('are written after some time, once something changes', async () => {
    const { controller, raft, clock } = await active({ snapshotMaxIntervalMs: 1000 });
    await clock.advance(5000);
    expect(raft.snapshots).toHaveLength(0);
    void create(controller, 't');
    raft.commit();
    expect(raft.snapshots).toHaveLength(1);
    await settle();
    void create(controller, 'u');
    raft.commit();
    expect(raft.snapshots).toHaveLength(1);
  });
});

describe('brokers elsewhere', () => {
  const registration = (brokerId: number) => ({
    brokerId,
    clusterId: CLUSTER_ID,
    incarnationId: uuid(50 + brokerId),
    listeners: [],
    features: [...Object.entries({ 'metadata.version': [7, 30] }), ...features].map(([name, [min, max]]) => ({
      name,
      minSupportedVersion: min!,
      maxSupportedVersion: max!,
      ...none,
    })),
    rack: null,
    isMigratingZkBroker: false,
    logDirs: [uuid(60 + brokerId)],
    previousBrokerEpoch: -1,
    ...none,
  });
  const features: [string, number[]][] = ['group', 'share', 'streams', 'transaction', 'eligible.leader.replicas'].map(
    (name) => [`${name}.version`, [0, 2]],
  );

  test('are fenced when they fall silent; the one in this process never is', async () => {
    const { controller, raft, loader, clock } = await active();
    const registered = controller.registerBroker(registration(2));
    raft.commit();
    const { brokerEpoch = -1 } = await registered;
    const beat = (): Promise<unknown> => {
      const beaten = controller.heartbeat({
        brokerId: 2,
        brokerEpoch,
        currentMetadataOffset: loader.image.provenance.offset,
        wantFence: false,
        wantShutDown: false,
        offlineLogDirs: [],
        cordonedLogDirs: null,
        ...none,
      });
      raft.commit();
      return beaten;
    };
    await beat();
    expect(loader.image.cluster.aliveBrokers().map(({ id }) => id)).toEqual([1, 2]);
    await clock.advance(8000);
    await beat();
    await clock.advance(8000);
    raft.commit();
    expect(loader.image.cluster.aliveBrokers().map(({ id }) => id)).toEqual([1, 2]);
    await clock.advance(1000);
    raft.commit();
    expect(loader.image.cluster.aliveBrokers().map(({ id }) => id)).toEqual([1]);
    expect(clock.timerCount).toBe(0);
  });

  test('get a sign of life from an idle controller; alone, it stays silent', async () => {
    const alone = await active({ maxIdleIntervalMs: 500 });
    expect(alone.clock.timerCount).toBe(0);
    const watched = controllerFixture({ maxIdleIntervalMs: 500 });
    watched.raft.followers = 1;
    watched.raft.elect(1, 1);
    await watched.clock.advance(1200);
    watched.raft.commit();
    expect(
      types(watched)
        .flat()
        .filter((type) => type === 'NO_OP_RECORD'),
    ).toHaveLength(2);
  });
});
