import { expect, test } from 'vitest';
import { BrokerLifecycleManager } from '../../../../extension/engine/broker/broker-lifecycle.ts';
import { silentLogger } from '../../../../extension/engine/common/logger.ts';
import type { Controller } from '../../../../extension/engine/metadata/controller-port.ts';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import type { BrokerRegistrationRequest } from '../../../../extension/protocol/generated/broker-registration-request.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const REGISTRATION: BrokerRegistrationRequest = {
  ...{ brokerId: 2, clusterId: 'c', incarnationId: 'this process', listeners: [], features: [], rack: null },
  ...{ isMigratingZkBroker: false, logDirs: [], previousBrokerEpoch: -1, unknownTaggedFields: undefined },
};

/** A controller that knows one broker, by its last registration. */
class OneBroker {
  epoch = 10;
  incarnation = '';
  registrations = 0;

  register(incarnation: string): number {
    this.registrations++;
    this.incarnation = incarnation;
    return ++this.epoch;
  }

  readonly port = {
    registerBroker: ({ incarnationId }: BrokerRegistrationRequest) =>
      Promise.resolve({ errorCode: ErrorCode.NONE, brokerEpoch: this.register(incarnationId) }),
    heartbeat: ({ brokerEpoch }: { brokerEpoch: number }) =>
      Promise.resolve(
        brokerEpoch === this.epoch
          ? { errorCode: ErrorCode.NONE, isCaughtUp: true, isFenced: false }
          : { errorCode: ErrorCode.STALE_BROKER_EPOCH },
      ),
  } as unknown as Controller;
}

async function start(): Promise<{ controller: OneBroker; clock: FakeClock; lifecycle: BrokerLifecycleManager }> {
  const controller = new OneBroker();
  const clock = new FakeClock();
  const lifecycle = new BrokerLifecycleManager({
    ...{ clock, controller: controller.port, logger: silentLogger, heartbeatIntervalMs: 100 },
    ...{ registrationTimeoutMs: 1_000, metadataOffset: () => 0, offlineLogDirs: () => [], cordonedLogDirs: () => null },
  });
  await lifecycle.register(REGISTRATION);
  return { controller, clock, lifecycle };
}

test('a late registration of an earlier process does not keep a broker out', async () => {
  const { controller, clock, lifecycle } = await start();
  await lifecycle.serve();
  controller.register('the process before');
  await clock.advance(500);
  expect(controller.incarnation).toBe('this process');
  expect(lifecycle.brokerEpoch).toBe(controller.epoch);
  lifecycle.stop();
});

test('neither does one that comes before the first heartbeat', async () => {
  const { controller, clock, lifecycle } = await start();
  controller.register('the process before');
  const serving = lifecycle.serve();
  await clock.advance(500);
  await serving;
  expect(lifecycle.brokerEpoch).toBe(controller.epoch);
  lifecycle.stop();
});

test('two live processes of one broker do not fight for ever', async () => {
  const { controller, clock, lifecycle } = await start();
  await lifecycle.serve();
  for (let i = 0; i < 10; i++) {
    controller.register('another live process');
    await clock.advance(500);
  }
  expect(controller.registrations).toBe(1 + 10 + 3);
  expect(controller.incarnation).toBe('another live process');
  lifecycle.stop();
});
