import { expect, test } from 'vitest';
import type { CommittedBatch, RaftListener, SnapshotSource } from '../../../../extension/engine/raft/raft-ports.ts';
import { directoryOf, endpointOf, Quorum } from './quorum-fixture.ts';
import type { QuorumNode } from './quorum-fixture.ts';
import { CLUSTER_ID } from './raft-fixture.ts';

const unknownTaggedFields = undefined;

/** What the whole quorum has committed, as seen by any listener, and who led when. */
class Truth {
  readonly committed = new Map<number, string>();
  readonly leaders = new Map<number, number>();

  commit(offset: number, value: string): void {
    const known = this.committed.get(offset);
    if (known !== undefined && known !== value) throw new Error(`offset ${offset} is ${known} and ${value}`);
    this.committed.set(offset, value);
  }

  leads(nodeId: number, epoch: number): void {
    const known = this.leaders.get(epoch);
    if (known !== undefined && known !== nodeId) throw new Error(`nodes ${known} and ${nodeId} lead epoch ${epoch}`);
    this.leaders.set(epoch, nodeId);
  }
}

/** A state machine: the values by offset. Its snapshots hold `offset=value`. */
class Values implements RaftListener {
  readonly #truth: Truth;
  readonly #nodeId: number;
  readonly values = new Map<number, string>();
  last: CommittedBatch | undefined;
  #next = 0;

  constructor(truth: Truth, nodeId: number) {
    this.#truth = truth;
    this.#nodeId = nodeId;
  }

  onCommit(batches: readonly CommittedBatch[]): void {
    for (const batch of batches) {
      if (batch.baseOffset < this.#next) throw new Error(`offset ${batch.baseOffset} after ${this.#next}`);
      this.#next = batch.lastOffset + 1;
      this.last = batch;
      batch.records.forEach((record, index) => this.#set(batch.baseOffset + index, record.toString()));
    }
  }

  onLoadSnapshot(snapshot: SnapshotSource): void {
    if (snapshot.id.offset < this.#next) throw new Error(`snapshot ${snapshot.id.offset} after ${this.#next}`);
    this.#next = snapshot.id.offset;
    this.values.clear();
    for (const record of [...snapshot.batches()].flat()) {
      const [offset, value] = record.toString().split('=');
      this.#set(Number(offset), value!);
    }
  }

  onLeaderChange({ leaderId, epoch }: { leaderId: number; epoch: number }): void {
    if (leaderId === this.#nodeId) this.#truth.leads(leaderId, epoch);
  }

  #set(offset: number, value: string): void {
    this.#truth.commit(offset, value);
    this.values.set(offset, value);
  }
}

class Chaos {
  readonly quorum: Quorum;
  readonly #truth = new Truth();
  readonly #listeners = new Map<number, Values>();
  #appended = 0;
  /** Error codes of changes of the voters. */
  readonly #changes: number[] = [];

  constructor(seed: number) {
    const size = seed % 4 === 0 ? 5 : 3;
    this.quorum = new Quorum(size + 1, { seed, voterCount: size, segmentBytes: 500, retentionMaxBytes: 1500 });
    for (const node of this.quorum.nodes) {
      node.makeListener = () => {
        const values = new Values(this.#truth, node.id);
        this.#listeners.set(node.id, values);
        return values;
      };
    }
    this.quorum.network.weather.delayMs = 1 + this.#int(20);
    this.quorum.network.weather.lossPerMille = seed % 3 === 0 ? 50 : 0;
  }

  #int(bound: number): number {
    return this.quorum.random.int(bound);
  }

  #some(): QuorumNode {
    return this.quorum.node(1 + this.#int(this.quorum.nodes.length));
  }

  async run(steps: number): Promise<void> {
    const { quorum } = this;
    quorum.start();
    for (let step = 0; step < steps; step++) {
      await this.#step();
      await quorum.clock.advance(this.#int(this.#int(4) === 0 ? 2000 : 60));
      this.#expectSound();
    }
    await this.#heal();
  }

  async #step(): Promise<void> {
    const { quorum } = this;
    const node = this.#some();
    const others = quorum.nodes.map(({ id }) => id).filter((id) => id !== node.id);
    switch (this.#int(13)) {
      case 0:
        if (node.isRunning) quorum.kill(node.id);
        return;
      case 1:
        if (node.isRunning) quorum.losePower(node.id);
        return;
      case 2:
        if (node.isRunning) await quorum.stop(node.id);
        return;
      case 3:
      case 4:
        if (!node.isRunning) quorum.start([node.id]);
        return;
      case 5:
        return quorum.network.isolate(node.id, others);
      case 6:
        quorum.network.cut.add(`${node.id}>${this.#some().id}`);
        return;
      case 7:
        return quorum.network.heal();
      case 8:
        return this.#snapshot(node);
      case 9:
        return this.#changeVoters(node.id);
      default:
        return this.#append();
    }
  }

  #append(): void {
    for (const { raft } of this.quorum.leaders()) {
      const values = Array.from({ length: 1 + this.#int(3) }, () => Buffer.from(`v${++this.#appended}`));
      raft.append(raft.leaderAndEpoch().epoch, values);
    }
  }

  /** Asked of whoever believes to lead; what comes of it is seen later. */
  #changeVoters(id: number): void {
    for (const { raft } of this.quorum.leaders()) {
      const voters = raft.describeQuorum().voters.map(({ replicaId }) => replicaId);
      const voter = { clusterId: CLUSTER_ID, voterId: id, voterDirectoryId: directoryOf(id), unknownTaggedFields };
      const listeners = [{ ...endpointOf(id), unknownTaggedFields }];
      const answer = voters.includes(id)
        ? raft.handleRemoveRaftVoter(voter)
        : raft.handleAddRaftVoter({ ...voter, timeoutMs: 1000, listeners, ackWhenCommitted: true });
      answer.then(
        ({ errorCode }) => void this.#changes.push(errorCode),
        () => {
          // The node ended meanwhile.
        },
      );
    }
  }

  async #snapshot({ id, isRunning, raft }: QuorumNode): Promise<void> {
    const listener = this.#listeners.get(id);
    if (!isRunning || listener?.last === undefined) return;
    const { lastOffset, epoch } = listener.last;
    const frames = [...listener.values].map(([offset, value]) => Buffer.from(`${offset}=${value}`));
    await this.quorum.ask(raft.createSnapshot({ offset: lastOffset + 1, epoch }, 0, [frames]));
  }

  #expectSound(): void {
    for (const { id, fatal } of this.quorum.nodes) expect(fatal, `node ${id}`).toEqual([]);
  }

  /** Everybody is back and can be reached: one leads, and all have all that was ever committed. */
  async #heal(): Promise<void> {
    const { quorum } = this;
    quorum.network.heal();
    quorum.network.weather.lossPerMille = 0;
    quorum.start(quorum.nodes.filter(({ isRunning }) => !isRunning).map(({ id }) => id));
    await quorum.elect(20_000);
    this.#append();
    await quorum.settle(20_000);
    this.#expectSound();
    for (const { id } of quorum.nodes) {
      expect(new Map([...this.#listeners.get(id)!.values].sort(([a], [b]) => a - b)), `node ${id}`).toEqual(
        new Map([...this.#truth.committed].sort(([a], [b]) => a - b)),
      );
    }
  }
}

const FIRST_SEED = Number(process.env['RAFT_SEED'] ?? 1);
const SEEDS = Number(process.env['RAFT_SEEDS'] ?? 40);

test.each(Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index))(
  'whatever crashes, parts and comes back, one leads an epoch and nothing committed is lost (seed %i)',
  async (seed) => {
    await new Chaos(seed).run(60);
  },
);
