import { t } from '../settings/localize.ts';
import type { SessionState } from './cluster-session.ts';
import { shortBootstrap } from './short-bootstrap.ts';
import { describeProgress } from './start-progress.ts';

/** The status-bar item as plain data. */
export interface StatusLook {
  readonly text: string;
  readonly tooltip: string;
  readonly isWarning: boolean;
}

export function statusLook(state: SessionState): StatusLook {
  switch (state.kind) {
    case 'off':
      return { text: '$(circle-outline) Samsa', tooltip: t('The Kafka cluster is off'), isWarning: false };
    case 'starting':
      return state.progress === undefined
        ? { text: '$(loading~spin) Samsa', tooltip: t('The Kafka cluster is starting'), isWarning: false }
        : {
            text: `$(loading~spin) Samsa ${describeProgress(state.progress)}`,
            tooltip: t('The Kafka cluster is starting: {0} are open', describeProgress(state.progress)),
            isWarning: false,
          };
    case 'stopping':
      return { text: '$(loading~spin) Samsa', tooltip: t('The Kafka cluster is stopping'), isWarning: false };
    case 'failed':
      return { text: '$(warning) Samsa', tooltip: state.message, isWarning: true };
    case 'running':
      return {
        text: `$(circle-filled) ${shortBootstrap(state.bootstrap)}`,
        tooltip: t('The Kafka cluster listens on {0}', state.bootstrap),
        isWarning: false,
      };
    case 'attached':
      return {
        text: `$(circle-filled) ${shortBootstrap(state.bootstrap)}`,
        tooltip: t('The Kafka cluster of another window or terminal listens on {0}', state.bootstrap),
        isWarning: false,
      };
  }
}
