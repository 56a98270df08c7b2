import { describe, expect, test, vi } from 'vitest';
import type { SessionState } from '../../../extension/explorer/cluster-session.ts';
import { moreSpec, readErrorSpec } from '../../../extension/explorer/cluster-looks.ts';
import type { ExplorerSource, TopicFacts } from '../../../extension/explorer/explorer-source.ts';
import { ExplorerTree } from '../../../extension/explorer/explorer-tree.ts';
import { loadChildren } from '../../../extension/explorer/load-children.ts';
import type { TreeNode } from '../../../extension/explorer/tree-node.ts';

const up: SessionState = {
  kind: 'running',
  bootstrap: '127.0.0.1:9092',
  clusterId: 'abc',
  dataDir: '/data',
  startupMs: 12,
  pid: 7,
};

function topic(name: string, leaders: readonly number[], isInternal = false): TopicFacts {
  const partitions = leaders.map((leader, partition) => ({
    partition,
    leader,
    leaderEpoch: 3,
    replicas: [1],
    isr: leader < 0 ? [] : [1],
  }));
  return { topic: name, isInternal, partitions };
}

function makeSource(overrides: Partial<ExplorerSource> = {}): ExplorerSource {
  return {
    brokers: () =>
      Promise.resolve([
        { id: 1, host: '127.0.0.1', port: 9092, rack: null, isController: true, state: 'running' },
        { id: 2, host: '127.0.0.1', port: 9093, rack: null, isController: false, state: 'killed' },
      ]),
    topics: () =>
      Promise.resolve([topic('__consumer_offsets', [1], true), topic('orders', [1, 1]), topic('sick', [-1])]),
    offsets: (topics) =>
      Promise.resolve(
        new Map(
          topics.map(({ topic: name, partitions }) => [
            name,
            new Map(
              partitions.filter(({ leader }) => leader >= 0).map((p) => [p.partition, { start: 120, end: 48_210 }]),
            ),
          ]),
        ),
      ),
    sizes: () => Promise.resolve(new Map([[0, 4_300_000]])),
    segments: () =>
      Promise.resolve([
        {
          baseOffset: 120,
          nextOffset: 48_210,
          active: true,
          sizeBytes: 4_300_000,
          largestTimestampMs: 1_700_000_000_000,
          files: [
            { name: '00000000000000000120.log', path: '/data/orders-0/00000000000000000120.log', sizeBytes: 4_299_000 },
          ],
        },
      ]),
    groups: () => Promise.resolve([{ group: 'billing', state: 'Stable', type: 'classic' }]),
    members: () =>
      Promise.resolve([
        {
          memberId: 'm-1',
          clientId: 'biller',
          host: '/127.0.0.1',
          instanceId: null,
          assignment: [{ topic: 'orders', partitions: [0, 1] }],
        },
      ]),
    groupOffsets: () => Promise.resolve([{ topic: 'orders', partition: 0, committed: 48_000, lag: 210, metadata: '' }]),
    ...overrides,
  };
}

function makeTree(state: SessionState, source: ExplorerSource = makeSource(), showInternal = false): ExplorerTree {
  const context = {
    sessionId: 'embedded',
    state: () => state,
    source: () => source,
    showInternalTopics: () => showInternal,
  };
  return new ExplorerTree({ load: loadChildren(context), describeError: readErrorSpec, describeMore: moreSpec });
}

/** Rows at a path of keys, as `label | description`. */
async function rows(tree: ExplorerTree, ...keys: string[]): Promise<string[]> {
  const nodes = await tree.children(await nodeAt(tree, ...keys));
  return nodes.map(({ look }) => (look.description ? `${look.label} | ${look.description}` : look.label));
}

async function nodeAt(tree: ExplorerTree, ...keys: string[]): Promise<TreeNode | undefined> {
  let node: TreeNode | undefined;
  for (const key of keys) {
    const found: TreeNode | undefined = (await tree.children(node)).find((each) => each.key === key);
    if (found === undefined) throw new Error(`no row ${key}`);
    node = found;
  }
  return node;
}

describe('a cluster that runs', () => {
  test('has brokers, topics and groups', async () => {
    const tree = makeTree(up);
    expect(await rows(tree)).toEqual(['Embedded cluster | 127.0.0.1:9092']);
    expect(await rows(tree, 'embedded')).toEqual(['Brokers | 1 of 2 running', 'Topics | 2', 'Consumer groups | 1']);
    expect(await rows(tree, 'embedded', 'brokers')).toEqual([
      'Broker 1 | controller · :9092',
      'Broker 2 | killed · :9093',
    ]);
  });

  test('goes down from topics to files', async () => {
    const tree = makeTree(up);
    expect(await rows(tree, 'embedded', 'topics')).toEqual([
      'orders | 2 partitions · 96k records',
      'sick | 1 without leader · 1 partition',
    ]);
    expect(await rows(tree, 'embedded', 'topics', 'orders')).toEqual([
      'Partition 0 | 120–48,210 · 4.1 MiB',
      'Partition 1 | 120–48,210',
    ]);
    const path = ['embedded', 'topics', 'orders', '0'];
    expect(await rows(tree, ...path)).toEqual(['Segment 120 | 120–48,210 · 4.1 MiB · active']);
    expect(await rows(tree, ...path, '00000000000000000120')).toEqual(['.log | 4.1 MiB · records']);
    const file = await nodeAt(tree, ...path, '00000000000000000120', '00000000000000000120.log');
    expect(file?.path).toBe('/data/orders-0/00000000000000000120.log');
    expect(file?.look.command).toMatchObject({ id: 'samsa.segment.open', args: [{ path: file?.path }] });
  });

  test('shows the replicas of a partition, and the segments of each', async () => {
    const asked: number[] = [];
    const base = topic('orders', [2]);
    const source = makeSource({
      topics: () =>
        Promise.resolve([{ ...base, partitions: base.partitions.map((p) => ({ ...p, replicas: [2, 1] })) }]),
      replicas: () =>
        Promise.resolve([
          { broker: 2, isLeader: true, isPreferred: true, isInSync: true, isOnline: true, end: 90 },
          { broker: 1, isLeader: false, isPreferred: false, isInSync: true, isOnline: true, end: 90, lag: 0 },
        ]),
      segments: (_topic, _partition, broker) => {
        asked.push(broker);
        return Promise.resolve([]);
      },
    });
    const tree = makeTree(up, source);
    const path = ['embedded', 'topics', 'orders', '0'];
    expect(await rows(tree, ...path)).toEqual(['Broker 2 | leader · 90', 'Broker 1 | follower · 90']);
    expect(await rows(tree, ...path, 'replica-1')).toEqual(['No segments']);
    expect(asked).toEqual([1]);
  });

  test('says in words what the colours say', async () => {
    const base = topic('orders', [1, 2]);
    const [first, second] = base.partitions;
    const partitions = [
      { ...first!, replicas: [1, 2], isr: [1] },
      { ...second!, replicas: [2, 1], isr: [2, 1] },
    ];
    let tree = makeTree(up, makeSource({ topics: () => Promise.resolve([{ ...base, partitions }]) }));
    expect(await rows(tree, 'embedded', 'topics')).toEqual(['orders | 1 under-replicated · 2 partitions']);
    expect((await rows(tree, 'embedded', 'topics', 'orders'))[0]).toContain('Partition 0 | 1 of 2 in sync · ');
    const orphaned = [{ ...first!, leader: 1, isLeaderDown: true, replicas: [1, 2], isr: [1, 2] }];
    tree = makeTree(up, makeSource({ topics: () => Promise.resolve([{ ...base, partitions: orphaned }]) }));
    expect(await rows(tree, 'embedded', 'topics')).toEqual(['orders | 1 without leader · 1 partition']);
    expect((await rows(tree, 'embedded', 'topics', 'orders'))[0]).toContain('Partition 0 | leader 1 is down');
  });

  test('says how far a start has come', async () => {
    const tree = makeTree({ kind: 'starting', progress: { done: 30, total: 360 } });
    expect(await rows(tree)).toEqual(['Embedded cluster | starting · 30 of 360 logs']);
  });

  test('says when nothing can be decided any more', async () => {
    const voters = [1, 2, 3].map((id) => ({ id, alive: id === 1 }));
    const tree = makeTree(up, makeSource({ voters: () => Promise.resolve(voters) }));
    expect((await rows(tree, 'embedded'))[0]).toBe('No majority: 1 of 3 voters | 2 of 3 needed');
  });

  test('hands commands the topic and partition of a row', async () => {
    const tree = makeTree(up);
    const partition = await nodeAt(tree, 'embedded', 'topics', 'orders', '1');
    expect({ topic: partition?.topic, partition: partition?.partition }).toEqual({ topic: 'orders', partition: 1 });
  });

  test('marks the controller', async () => {
    const tree = makeTree(up);
    const [first, second] = await tree.children(await nodeAt(tree, 'embedded', 'brokers'));
    expect(first?.look).toMatchObject({
      badge: { text: '★' },
      accessibilityLabel: 'Broker 1 controller · 127.0.0.1:9092',
    });
    expect(second?.look.badge).toBeUndefined();
  });

  test('colours only trouble', async () => {
    const tree = makeTree(up);
    const topics = await tree.children(await nodeAt(tree, 'embedded', 'topics'));
    expect(topics.map(({ look }) => look.iconColor)).toEqual([undefined, 'charts.red']);
    const [, second] = await tree.children(await nodeAt(tree, 'embedded', 'brokers'));
    expect(second?.look.iconColor).toBe('charts.red');
  });

  test('shows internal topics dimmed, and only when asked to', async () => {
    const tree = makeTree(up, makeSource(), true);
    const [internal, own] = await tree.children(await nodeAt(tree, 'embedded', 'topics'));
    expect(internal?.look).toMatchObject({ label: '__consumer_offsets', dimmed: true, contextValue: 'topic.internal' });
    expect(own?.look.dimmed).toBeUndefined();
  });

  test('goes down into groups', async () => {
    const tree = makeTree(up);
    expect(await rows(tree, 'embedded', 'groups')).toEqual(['billing | Stable · lag 210']);
    expect(await rows(tree, 'embedded', 'groups', 'billing')).toEqual([
      'Members | 1',
      'Offsets | 1 partition · lag 210',
    ]);
    expect(await rows(tree, 'embedded', 'groups', 'billing', 'members')).toEqual(['biller | 127.0.0.1 · 2 partitions']);
    expect(await rows(tree, 'embedded', 'groups', 'billing', 'offsets')).toEqual(['orders-0 | at 48,000 · lag 210']);
  });

  test('says where nothing is', async () => {
    const tree = makeTree(up, makeSource({ topics: () => Promise.resolve([]), groups: () => Promise.resolve([]) }));
    expect(await rows(tree, 'embedded', 'topics')).toEqual(['No topics yet']);
    expect(await rows(tree, 'embedded', 'groups')).toEqual(['No consumer groups yet']);
  });

  test('a folder that cannot be read keeps the others', async () => {
    const tree = makeTree(up, makeSource({ groups: () => Promise.reject(new Error('group coordinator is loading')) }));
    expect(await rows(tree, 'embedded')).toEqual(['Brokers | 1 of 2 running', 'Topics | 2', 'Consumer groups']);
    expect(await rows(tree, 'embedded', 'groups')).toEqual(['Group coordinator is loading']);
  });

  test('does not wait for a broker that hangs', async () => {
    const never = new Promise<never>(() => undefined);
    const source = makeSource({ offsets: () => never, groups: () => never });
    vi.useFakeTimers();
    try {
      const read = Promise.all([
        rows(makeTree(up, source), 'embedded'),
        rows(makeTree(up, source), 'embedded', 'topics'),
        rows(makeTree(up, source), 'embedded', 'groups'),
      ]);
      await vi.advanceTimersByTimeAsync(10_000);
      const [folders, topics, groups] = await read;
      expect(folders).toEqual(['Brokers | 1 of 2 running', 'Topics | 2', 'Consumer groups']);
      expect(topics[0]).toBe('orders | 2 partitions');
      expect(groups).toEqual(['The cluster does not answer.']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('asks for ends only of the topics that can be seen', async () => {
    const many = Array.from({ length: 9000 }, (_, index) => topic(`t${String(index).padStart(4, '0')}`, [1]));
    const asked: number[] = [];
    const source = makeSource({
      topics: () => Promise.resolve(many),
      offsets: (topics) => {
        asked.push(topics.length);
        return Promise.resolve(new Map());
      },
    });
    expect(await rows(makeTree(up, source), 'embedded', 'topics')).toHaveLength(501);
    expect(asked).toEqual([500]);
  });

  test('does not promise files where there are none to reach', async () => {
    const source = makeSource();
    delete (source as { segments?: unknown }).segments;
    const tree = makeTree(up, source);
    const [partition] = await tree.children(await nodeAt(tree, 'embedded', 'topics', 'orders'));
    expect(partition?.spec.children).toBe('none');
  });

  test('keeps names of a cluster from acting as Markdown', async () => {
    const source = makeSource({ topics: () => Promise.resolve([topic('a_b_c', [1])]) });
    const tree = makeTree(up, source);
    const [row] = await tree.children(await nodeAt(tree, 'embedded', 'topics'));
    expect(row?.look.tooltip).toContain('**a\\_b\\_c**');
  });
});

describe('a cluster that does not run', () => {
  test('off: nothing, so that the welcome view shows', async () => {
    expect(await rows(makeTree({ kind: 'off' }))).toEqual([]);
  });

  test('starting: one row that turns', async () => {
    const [row] = await makeTree({ kind: 'starting' }).children();
    expect(row?.look).toMatchObject({
      description: 'starting',
      icon: 'loading~spin',
      contextValue: 'cluster.starting',
    });
    expect(row?.spec.children).toBe('expanded');
  });

  test('failed: says what is wrong and leads out of it', async () => {
    const message = 'Port 9092 is in use by another program.';
    const tree = makeTree({ kind: 'failed', code: 'PORT_IN_USE', message });
    const [row] = await tree.children(await nodeAt(tree, 'embedded'));
    expect(row?.look).toMatchObject({
      label: message,
      contextValue: 'error.PORT_IN_USE',
      command: { id: 'samsa.cluster.useAnotherPort', title: 'Use another port' },
    });
  });
});
