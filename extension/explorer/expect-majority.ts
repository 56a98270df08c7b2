import type { ClusterClient } from '../client/cluster-client.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { t } from '../settings/localize.ts';
import { lostMajority, withoutMajority } from '../shared/quorum-health.ts';
import type { ClusterSession } from './cluster-session.ts';
import { sentence } from './sentence.ts';

/** No topic has this name: nodes alone are asked for. */
const noTopic = '';

/**
 * Rejects at once where nothing can be decided, which brokers only say when half a minute has gone. `what` is what cannot be
 * done, as a sentence.
 */
export async function expectMajority(session: ClusterSession<ClusterClient>, what: string): Promise<void> {
  const { quorum } = await session.send('state', { topic: noTopic });
  const lost = lostMajority(quorum.voters);
  if (lost === undefined) return;
  throw new ClusterError('WRONG_STATE', `${what} ${sentence(lost)}. ${t(withoutMajority)}`);
}
