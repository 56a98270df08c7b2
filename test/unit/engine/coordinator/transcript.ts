import { GroupCoordinatorRecordSerde } from '../../../../extension/engine/coordinator/coordinator-record-serde.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import { batchSize } from '../../../../extension/records/record-batch.ts';
import { readRecords } from '../../../../extension/records/record-reader.ts';
import type { GroupApi, RequestOf, ResponseOf } from './coordinator-fixture.ts';

/** What clients may do with a classic group. Played on Apache Kafka once, and on our coordinator in every test run. */
export interface Scenario {
  readonly name: string;
  play(t: Transcript): Promise<void>;
}

/** A request that is under way. */
export interface Pending<T> {
  readonly label: string;
  readonly response: Promise<T>;
  readonly isAnswered: () => boolean;
}

/** Where a scenario is played: on our coordinator, or on a real Apache Kafka. */
export interface Stage {
  /** Appended to group ids, so that scenarios can be played on one broker again and again. */
  readonly suffix: string;
  topicId(name: string): string;
  send<A extends GroupApi>(api: A, version: number, message: RequestOf<A>, clientId: string): Promise<ResponseOf<A>>;
  /** Lets happen what needs no time. */
  settle(): Promise<void>;
  wait(ms: number): Promise<void>;
  /** Batches that the coordinator's log got for the group since the scenario began. */
  written(groupId: string): Promise<Buffer[]>;
}

const MEMBER_ID = /[A-Za-z0-9._]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const OTHER_CLIENT = 'client';

const UUID_LENGTH = 36;

function memberPrefix(id: string): string {
  return id.slice(0, -UUID_LENGTH - 1);
}

/** Plays one scenario and writes down what was answered, without what differs from run to run. */
export class Transcript {
  readonly lines: string[] = [];
  readonly #stage: Stage;
  readonly #memberNames = new Map<string, string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  group(name: string): string {
    return name + this.#stage.suffix;
  }

  topicId(name: string): string {
    return this.#stage.topicId(name);
  }

  start<A extends GroupApi>(
    label: string,
    api: A,
    version: number,
    message: RequestOf<A>,
    clientId = OTHER_CLIENT,
  ): Pending<ResponseOf<A>> {
    let isAnswered = false;
    const response = this.#stage.send(api, version, message, clientId).finally(() => (isAnswered = true));
    return { label: `${label}: ${api} v${version}`, response, isAnswered: () => isAnswered };
  }

  async finish<T>(pending: Pending<T>): Promise<T> {
    const response = await pending.response;
    this.lines.push(`${pending.label} → ${this.#text(response)}`);
    return response;
  }

  async call<A extends GroupApi>(
    label: string,
    api: A,
    version: number,
    message: RequestOf<A>,
    clientId = OTHER_CLIENT,
  ): Promise<ResponseOf<A>> {
    const pending = this.start(label, api, version, message, clientId);
    await this.#stage.settle();
    return this.finish(pending);
  }

  /** Notes whether a request has been answered yet. */
  async look(pending: Pending<unknown>): Promise<void> {
    await this.#stage.settle();
    this.lines.push(`${pending.label} ${pending.isAnswered() ? 'is answered' : 'waits'}`);
  }

  settle(): Promise<void> {
    return this.#stage.settle();
  }

  wait(ms: number): Promise<void> {
    this.lines.push(`${ms} ms pass`);
    return this.#stage.wait(ms);
  }

  /** Notes the records that the group's requests have left in the log. */
  async records(groupId: string): Promise<void> {
    await this.#stage.settle();
    const serde = new GroupCoordinatorRecordSerde(silentLogger);
    for (const batch of await this.#stage.written(groupId)) {
      for (let at = 0; at < batch.length; at += batchSize(batch, at)) {
        for (const { key, value } of readRecords(batch, at)) {
          const record = serde.decode(key, value);
          if (record?.groupId !== groupId) continue;
          this.lines.push(
            `record, value version ${value === null ? 'none' : value.readInt16BE(0)}: ${this.#text(record)}`,
          );
        }
      }
    }
  }

  #text(value: unknown): string {
    const json = JSON.stringify(this.#plain(value, ''));
    return this.#named(json.replace(MEMBER_ID, (id) => this.#memberName(id)));
  }

  /** Text with topics by name and groups without suffix. */
  #named(text: string): string {
    for (const topic of ['orders', 'payments']) text = text.replaceAll(this.topicId(topic), `id of ${topic}`);
    return text.replaceAll(this.#stage.suffix, '');
  }

  #memberName(id: string): string {
    let name = this.#memberNames.get(id);
    if (name === undefined) {
      name = `<${memberPrefix(id)} ${this.#memberNames.size + 1}>`;
      this.#memberNames.set(id, name);
    }
    return name;
  }

  /** Bytes as text, times and empty tagged fields left out, lists whose order means nothing sorted. */
  #plain(value: unknown, name: string): unknown {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
    if (/timestamp/i.test(name) && typeof value === 'number' && value > 0) return 'a time';
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.#plain(item, name)).filter((item) => !this.#isForeign(item));
      // Members are numbered as they appear, which must not depend on their order here.
      const text = (item: unknown): string =>
        this.#named(JSON.stringify(item).replace(MEMBER_ID, (id) => this.#memberNames.get(id) ?? memberPrefix(id)));
      return items.sort((a, b) => (text(a) < text(b) ? -1 : 1));
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, field]) => field !== undefined && key !== 'throttleTimeMs' && key !== 'kind')
        .map(([key, field]) => [key, this.#plain(field, key)]),
    );
  }

  /** A group of another scenario, as ListGroups shows all of them. */
  #isForeign(item: unknown): boolean {
    if (typeof item !== 'object' || item === null || !('groupType' in item) || !('groupId' in item)) return false;
    return !String(item.groupId).endsWith(this.#stage.suffix);
  }
}
