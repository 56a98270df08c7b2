import { formatCount } from '../../extension/shared/format.ts';
import type { MessagesStatus } from '../../extension/shared/messages-contract.ts';
import type { NoticeContent, NoticeStep } from '../shared/notice.ts';
import { isFiltered } from './state.ts';

/** The ways out of each state. */
export type NoticeSteps = Readonly<
  Record<'close' | 'start' | 'retry' | 'resume' | 'produce' | 'clearFilter', NoticeStep>
>;

/** Why reading does not go on; undefined when it does. */
export function troubleNotice(status: MessagesStatus | undefined, steps: NoticeSteps): NoticeContent | undefined {
  const reading = status?.reading;
  switch (reading?.state) {
    case 'gone':
      return { icon: 'trash', title: `${status?.topic ?? 'This topic'} no longer exists`, step: steps.close };
    case 'waiting':
      return { icon: 'debug-disconnect', title: 'A broker does not answer; trying again.', text: reading.message };
    case 'disconnected': {
      const title = reading.next === 'start' ? 'The cluster is off.' : 'Not connected.';
      return { icon: 'debug-disconnect', title, text: reading.message, step: steps[reading.next], urgent: true };
    }
    default:
      return undefined;
  }
}

/** Why there is no row to show, while nothing is wrong. */
export function emptyNotice(status: MessagesStatus | undefined, steps: NoticeSteps): NoticeContent {
  if (status === undefined || status.reading.state === 'loading') return { icon: 'progress', title: 'Connecting' };
  if (status.filtering !== null) return { icon: 'progress', title: 'Filtering' };
  if (status.buffered > 0 && isFiltered(status.filter)) {
    const text = `${formatCount(status.buffered)} records are in the buffer.`;
    return { icon: 'search', title: 'No record matches the filter', text, step: steps.clearFilter };
  }
  if (status.reading.state === 'reading') return { icon: 'progress', title: 'Reading' };
  if (status.reading.state === 'paused') return { icon: 'debug-pause', title: 'Paused', step: steps.resume };
  if (status.from.kind !== 'end') return { icon: 'inbox', title: 'No records there', step: steps.produce };
  const text = 'Earlier ones are there on request.';
  return { icon: 'inbox', title: 'Waiting for new records', text, step: steps.produce };
}
