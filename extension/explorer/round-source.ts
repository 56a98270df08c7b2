import type { ExplorerSource } from './explorer-source.ts';

/**
 * Asks equal questions once per round: the tree's rows are refreshed one by one, and many of them want the same answer.
 */
export class RoundSource {
  readonly view: ExplorerSource;
  readonly #answers = new Map<string, Promise<unknown>>();

  constructor(source: ExplorerSource) {
    this.view = {
      brokers: () => this.#once('brokers', () => source.brokers()),
      topics: () => this.#once('topics', () => source.topics()),
      offsets: (topics) => source.offsets(topics),
      sizes: (topic) => this.#once(`sizes ${topic.topic}`, () => source.sizes(topic)),
      ...(source.voters === undefined
        ? {}
        : { voters: () => this.#once('voters', () => source.voters?.() ?? Promise.resolve([])) }),
      ...(source.replicas === undefined ? {} : { replicas: source.replicas.bind(source) }),
      ...(source.segments === undefined ? {} : { segments: source.segments.bind(source) }),
      groups: () => this.#once('groups', () => source.groups()),
      members: (group) => this.#once(`members ${group}`, () => source.members(group)),
      groupOffsets: (group) => this.#once(`offsets ${group}`, () => source.groupOffsets(group)),
    };
  }

  /** From now on, everything is asked anew. */
  newRound(): void {
    this.#answers.clear();
  }

  #once<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(question) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const answer = ask();
    this.#answers.set(question, answer);
    return answer;
  }
}
