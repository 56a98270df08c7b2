import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { BrokerRegistration } from './broker-registration.ts';
import type { ControlContext } from './control-context.ts';

/** The registration that a request's broker and epoch name. Throws ApiError STALE_BROKER_EPOCH. */
export function expectBroker(context: ControlContext, id: number, epoch: number): BrokerRegistration {
  const broker = context.image.cluster.brokers.get(id);
  if (broker === undefined) {
    throw new ApiError(ErrorCode.STALE_BROKER_EPOCH, `No broker registration found for broker id ${id}`);
  }
  if (broker.epoch !== epoch) {
    throw new ApiError(
      ErrorCode.STALE_BROKER_EPOCH,
      `Expected broker epoch ${broker.epoch}, but got broker epoch ${epoch}`,
    );
  }
  return broker;
}
