import type { BrokerConfigInput } from '../engine/broker/broker-options.ts';
import type {
  BrokerLifecycle,
  ClusterEvent,
  ClusterState,
  Fault,
  QuorumState,
  SegmentState,
} from '../shared/cluster-protocol.ts';
import { hasMajority } from '../shared/quorum-health.ts';
import type { ThreadSpawner } from './broker-thread.ts';
import { ClusterError, messageOf } from './cluster-error.ts';
import { formatAddress } from './cluster-plan.ts';
import { EventHistory } from './event-history.ts';
import { concerns, withFault } from './fault-table.ts';
import { ManagedBroker } from './managed-broker.ts';
import { Meeting } from './meeting.ts';
import { mergePartitions } from './merge-partitions.ts';
import { NewsFilter } from './news-filter.ts';
import { VOTERS_OF_BROKERS } from './topology.ts';
import type { WorkerResults } from './worker-protocol.ts';

/** How long a broker may take to close its files before it is killed: one with 10,000 partitions needs seconds. */
const shutdownTimeoutMs = 30_000;
/** How long brokers may take to give up what they lead before all of them end. */
const relinquishTimeoutMs = 3_000;

export interface SupervisorOptions {
  readonly dataDir: string;
  readonly clusterId: string;
  readonly nodes: readonly BrokerConfigInput[];
  /** Those of {@link nodes} that vote in the metadata quorum. */
  readonly voters: readonly number[];
  /** Whether no directory was formatted before. */
  readonly isNew: boolean;
  readonly spawn: ThreadSpawner;
  readonly onEvent: (event: ClusterEvent) => void;
  /** Takes a node's directories before each of its starts; rejects when somebody else has them. */
  readonly claim?: (input: BrokerConfigInput) => Promise<void>;
}

/** The nodes of one cluster: starts and ends them, passes their events on, puts together what each of them knows. */
export class Supervisor {
  readonly history = new EventHistory();
  readonly #options: SupervisorOptions;
  readonly #nodes = new Map<number, ManagedBroker>();
  readonly #meeting: Meeting;
  readonly #news = new NewsFilter((id) => this.#isUp(id) && !this.#isCutOff(id));
  #faults: readonly Fault[] = [];
  /** The growth of the quorum under way. */
  #growing = Promise.resolve();
  /** As everybody knows it; undefined until the start is over. */
  #toldBootstrap: string | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#meeting = new Meeting(options.nodes, options.voters);
    for (const input of options.nodes) this.#add(input);
  }

  /** `host:port,…` of the brokers, in order of their ids. */
  get bootstrap(): string {
    const addresses = this.#brokers.flatMap((broker) => broker.address ?? []);
    return addresses
      .filter(({ port }) => port !== 0)
      .map(formatAddress)
      .join(',');
  }

  get brokerIds(): readonly number[] {
    return this.#brokers.map(({ id }) => id);
  }

  /**
   * Starts all nodes. In a new cluster the first failure ends all. Where data exist the others go on without those that
   * fail, also when they are too few to decide anything; it rejects only when none is left.
   */
  async start(): Promise<void> {
    const nodes = [...this.#nodes.values()];
    const starts = nodes.map((node) => this.#start(node));
    try {
      if (this.#options.isNew) await Promise.all(starts);
      else await this.#settle(starts);
    } catch (error) {
      await this.shutdown();
      throw error;
    }
    this.#toldBootstrap = this.bootstrap;
    for (const node of nodes) void this.#giveVotes(node);
  }

  /** Stops all nodes cleanly, brokers first; those that do not stop in time, or fail to, are killed. Never rejects. */
  async shutdown(): Promise<void> {
    const end = (nodes: readonly ManagedBroker[]): Promise<unknown> =>
      Promise.all(nodes.map((node) => node.end(shutdownTimeoutMs)));
    const running = this.#brokers.filter(({ lifecycle }) => lifecycle === 'running');
    if (running.length > 1) {
      // While there still is a quorum that could give their partitions to others.
      const given = running.map((broker) => broker.ask('relinquish', {}, relinquishTimeoutMs));
      await Promise.allSettled(given);
    }
    await end(this.#brokers);
    await end(this.#controllers);
  }

  async state(topic?: string): Promise<ClusterState> {
    const running = [...this.#nodes.values()].filter(({ lifecycle }) => lifecycle === 'running');
    // One that dies or hangs while it is asked leaves the others' answers standing.
    const answers = await Promise.allSettled(running.map((node) => node.describe(topic)));
    const known = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const fenced = new Map(
      answers.map((answer, index) => [
        running[index]?.id,
        answer.status === 'fulfilled' ? answer.value.isFenced : undefined,
      ]),
    );
    const controller = latestController(known);
    const epoch = controller?.controllerEpoch ?? this.#news.controller.epoch;
    // Who was killed leads nothing, even where the others have yet to notice.
    const controllerId = this.#isUp(controller?.controllerId ?? -1) ? (controller?.controllerId ?? -1) : -1;
    return {
      clusterId: this.#options.clusterId,
      bootstrap: this.bootstrap,
      dataDir: this.#options.dataDir,
      controllerId,
      controllerEpoch: epoch,
      quorum: this.#quorum(controllerId, epoch, controller),
      brokers: this.#brokers.map((broker) => broker.snapshot(this.#isFenced(broker, fenced.get(broker.id)))),
      controllers: this.#controllers.map((node) => node.snapshot()),
      partitions: mergePartitions(known.map(({ partitions }) => partitions)),
    };
  }

  /** `own` is what the broker thinks; one that is cut off has not heard that the controller gave it up. */
  #isFenced(broker: ManagedBroker, own: boolean | undefined): boolean | undefined {
    const told = this.#news.isFenced(broker.id);
    return broker.snapshot().faults.length > 0 ? (told ?? own) : (own ?? told);
  }

  segments(broker: number, topic: string, partition: number): Promise<readonly SegmentState[]> {
    return this.node(broker).segments(topic, partition);
  }

  async startBroker(id: number): Promise<{ state: BrokerLifecycle; startupMs: number }> {
    const node = this.node(id);
    const startMs = performance.now();
    await this.#start(node);
    void this.#giveVotes(node);
    return { state: node.lifecycle, startupMs: Math.round(performance.now() - startMs) };
  }

  async stopBroker(id: number): Promise<{ state: BrokerLifecycle }> {
    const node = this.node(id);
    await node.stop();
    return { state: node.lifecycle };
  }

  async killBroker(id: number): Promise<{ state: BrokerLifecycle }> {
    const node = this.node(id);
    await node.kill();
    return { state: node.lifecycle };
  }

  async freeze(id: number, ms: number): Promise<{ state: BrokerLifecycle }> {
    const node = this.node(id);
    await node.freeze(ms);
    return { state: node.lifecycle };
  }

  /** Breaks the network in one more way. */
  inject(fault: Fault, reason: string): { faults: readonly Fault[] } {
    for (const id of nodesOf(fault)) this.node(id);
    return this.#setFaults(withFault(this.#faults, fault), nodesOf(fault)[0] ?? -1, reason);
  }

  /** Ends freezes and faults of one node, or of all. */
  heal(id?: number): { faults: readonly Fault[] } {
    const healed = id === undefined ? [...this.#nodes.values()] : [this.node(id)];
    for (const node of healed) node.thaw();
    if (id === undefined) return this.#setFaults([], -1, 'The network is whole again');
    const left = this.#faults.filter((fault) => !concerns(fault, id));
    return this.#setFaults(left, id, `The links of node ${id} are whole again`);
  }

  /** Runs one more broker; it stays only when it starts. */
  async addBroker(input: BrokerConfigInput): Promise<{ broker: number; state: BrokerLifecycle; startupMs: number }> {
    this.#meeting.expect(input, false);
    this.#add(input);
    try {
      return { broker: input.nodeId, ...(await this.startBroker(input.nodeId)) };
    } catch (error) {
      this.#nodes.delete(input.nodeId);
      this.#meeting.forget(input.nodeId);
      throw error;
    }
  }

  /** Whether a broker that is added should be a controller too, for the quorum to grow to three. */
  get lacksControllers(): boolean {
    return this.#controllers.length === 0 && this.#meeting.controllerCount < VOTERS_OF_BROKERS;
  }

  /** Moves the replicas of a broker to the others, then ends it and forgets it. */
  async removeBroker(id: number): Promise<{ broker: number; movedReplicas: number }> {
    const node = this.node(id);
    if (!node.input.roles.includes('broker')) {
      throw new ClusterError('WRONG_STATE', `Node ${id} is a controller, and its quorum keeps its size`);
    }
    const helper = this.#brokers.find((broker) => broker.id !== id && broker.lifecycle === 'running');
    if (helper === undefined) {
      throw new ClusterError('WRONG_STATE', `No other broker runs that could take over from broker ${id}`);
    }
    const { movedReplicas } = await helper.ask('drain', { broker: id });
    await helper.ask('leave-quorum', { broker: id });
    this.#meeting.forget(id);
    if (node.lifecycle === 'running' || node.lifecycle === 'frozen') await node.stop();
    else if (node.lifecycle === 'starting' || node.lifecycle === 'stopping') await node.kill();
    await helper.ask('unregister', { broker: id });
    this.#nodes.delete(id);
    this.#tellBootstrap();
    this.#setFaults(
      this.#faults.filter((fault) => !concerns(fault, id)),
      id,
      `Broker ${id} has left the cluster`,
    );
    return { broker: id, movedReplicas };
  }

  /** Throws `UNKNOWN_BROKER`. */
  node(id: number): ManagedBroker {
    const node = this.#nodes.get(id);
    if (node !== undefined) return node;
    const known = [...this.#nodes.keys()].sort((a, b) => a - b).join(', ');
    throw new ClusterError('UNKNOWN_BROKER', `There is no broker ${id}; the cluster has ${known}`);
  }

  get #brokers(): ManagedBroker[] {
    return this.#withRole(true);
  }

  /** Nodes that are controllers only. */
  get #controllers(): ManagedBroker[] {
    return this.#withRole(false);
  }

  #withRole(isBroker: boolean): ManagedBroker[] {
    const nodes = [...this.#nodes.values()].filter(({ input }) => input.roles.includes('broker') === isBroker);
    return nodes.sort((a, b) => a.id - b.id);
  }

  #add(input: BrokerConfigInput): void {
    const node = new ManagedBroker({
      input,
      spawn: this.#options.spawn,
      onEvent: (event) => this.#on(event, input.nodeId),
      claim: () => this.#options.claim?.(input) ?? Promise.resolve(),
      meet: (bound) => this.#meeting.arrive(bound),
      faults: () => this.#faults,
    });
    this.#nodes.set(input.nodeId, node);
  }

  async #start(node: ManagedBroker): Promise<void> {
    try {
      await node.start();
    } catch (error) {
      this.#meeting.miss(node.id);
      throw error;
    }
  }

  /** Once a node serves: a voter with an empty disk gets its vote back, and a quorum grows that has enough nodes for it. */
  async #giveVotes(node: ManagedBroker): Promise<void> {
    await this.#giveVoteBack(node);
    this.#growing = this.#growing.then(() => this.#growQuorum());
  }

  async #giveVoteBack({ id }: ManagedBroker): Promise<void> {
    const disk = this.#meeting.newDiskOf(id);
    const helper = this.#helper;
    if (disk === undefined || helper === undefined) return;
    try {
      const { isReplaced } = await helper.ask('replace-voter', { disk });
      this.#meeting.gotVote(id);
      if (isReplaced) this.#tell(id, 'info', `Broker ${id} votes again, with a new directory`);
    } catch (error) {
      this.#tell(id, 'warn', `Broker ${id} has a new directory and no vote: ${messageOf(error)}`);
    }
  }

  /** One after the other: a quorum takes one change at a time. Never rejects. */
  async #growQuorum(): Promise<void> {
    for (const disk of this.#meeting.joiners(VOTERS_OF_BROKERS)) {
      const helper = this.#helper;
      if (helper === undefined || this.#nodes.get(disk.voter)?.lifecycle !== 'running') continue;
      try {
        await helper.ask('join-quorum', { disk });
        this.#meeting.gotVote(disk.voter);
        this.#tell(disk.voter, 'info', `Broker ${disk.voter} votes in the metadata quorum from now on`);
      } catch (error) {
        this.#tell(disk.voter, 'warn', `Broker ${disk.voter} gets no vote in the quorum: ${messageOf(error)}`);
      }
    }
  }

  /** Any broker that can be asked to ask the controller for something. */
  get #helper(): ManagedBroker | undefined {
    return this.#brokers.find(({ lifecycle }) => lifecycle === 'running');
  }

  #tell(broker: number, level: 'info' | 'warn', message: string): void {
    this.#on({ event: 'log', level, broker, message }, broker);
  }

  /** Resolves when each start has come to an end, or when those that failed keep the others from coming to one. */
  async #settle(starts: readonly Promise<void>[]): Promise<void> {
    const failures: unknown[] = [];
    const settled = starts.map((start) => start.catch((error: unknown) => void failures.push(error)));
    const hopeless = new Promise<void>((resolve) => {
      const look = (): void => (this.#canDecide ? undefined : resolve());
      for (const start of starts) start.catch(look);
      // Only then is it known whose disk is new.
      void this.#meeting.everybodySettled.then(look);
    });
    await Promise.race([Promise.all(settled), hopeless.then(() => this.#meeting.everybodySettled)]);
    if (failures.length === starts.length) throw failures[0];
  }

  /** Whether enough voters are left to elect a controller. */
  get #canDecide(): boolean {
    return hasMajority(this.#voters(this.#meeting.voterIds));
  }

  #voters(ids: readonly number[]): QuorumState['voters'] {
    // Alone, a voter needs no network; one that lost its disk has no vote.
    const isHeard = (id: number): boolean => this.#isUp(id) && (ids.length === 1 || !this.#isCutOff(id));
    return ids.map((id) => ({ id, alive: isHeard(id) && this.#meeting.newDiskOf(id) === undefined }));
  }

  #quorum(leaderId: number, epoch: number, latest: Description | undefined): QuorumState {
    const voters = this.#voters(latest?.voters ?? this.#news.voters ?? this.#meeting.voterIds);
    const highWatermark = latest?.quorumHighWatermark ?? -1;
    return { leaderId, epoch, voters, hasMajority: hasMajority(voters), highWatermark };
  }

  #isCutOff(id: number): boolean {
    return this.#faults.some((fault) => fault.kind === 'isolate' && fault.broker === id);
  }

  #isUp(id: number): boolean {
    const lifecycle = this.#nodes.get(id)?.lifecycle;
    return lifecycle === 'running' || lifecycle === 'starting' || lifecycle === 'stopping';
  }

  #setFaults(faults: readonly Fault[], broker: number, reason: string): { faults: readonly Fault[] } {
    const isSame = JSON.stringify(faults) === JSON.stringify(this.#faults);
    this.#faults = faults;
    if (!isSame) {
      for (const node of this.#nodes.values()) node.pushFaults();
      this.#on({ event: 'fault', broker, faults, reason }, -1);
    }
    return { faults };
  }

  #on(event: ClusterEvent, from: number): void {
    if (this.#news.isNews(event, from)) this.#options.onEvent(this.history.stamp(event));
    if (event.event === 'broker-state') this.#tellBootstrap();
  }

  #tellBootstrap(): void {
    const { bootstrap } = this;
    if (this.#toldBootstrap === undefined || this.#toldBootstrap === bootstrap) return;
    this.#toldBootstrap = bootstrap;
    this.#options.onEvent(this.history.stamp({ event: 'bootstrap', bootstrap }));
  }
}

type Description = WorkerResults['describe'];

function latestController(descriptions: readonly Description[]): Description | undefined {
  let latest: Description | undefined;
  for (const description of descriptions) {
    if (latest === undefined || description.controllerEpoch > latest.controllerEpoch) latest = description;
  }
  return latest;
}

/** The nodes that a fault names. */
function nodesOf(fault: Fault): number[] {
  if (fault.kind === 'isolate') return [fault.broker];
  return [fault.from, fault.to].filter((id) => id !== undefined);
}
