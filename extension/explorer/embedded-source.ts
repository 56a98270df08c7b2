import type { ClusterClient } from '../client/cluster-client.ts';
import type { SegmentState } from '../shared/cluster-protocol.ts';
import { ClientSource } from './client-source.ts';
import type { ClusterSession } from './cluster-session.ts';
import type { BrokerFacts } from './explorer-source.ts';

/** No topic has this name: the supervisor is asked for brokers alone. */
const noTopic = '';

/** The embedded cluster: everything over TCP too, save what Kafka's protocol cannot say. */
export class EmbeddedSource extends ClientSource {
  readonly #session: ClusterSession<ClusterClient>;

  constructor(session: ClusterSession<ClusterClient>) {
    super(() => session.client());
    this.#session = session;
  }

  /** Also those that do not run, which no broker would tell. */
  override async brokers(): Promise<readonly BrokerFacts[]> {
    const { brokers, controllerId } = await this.#session.send('state', { topic: noTopic });
    return brokers.map(({ id, host, port, state, error }) => ({
      id,
      host,
      port,
      rack: null,
      isController: id === controllerId,
      state,
      ...(error === undefined ? {} : { error }),
    }));
  }

  async segments(topic: string, partition: number, broker: number): Promise<readonly SegmentState[]> {
    const { segments } = await this.#session.send('segments', { broker, topic, partition });
    return segments;
  }
}
