import * as vscode from 'vscode';
import { t } from '../../settings/localize.ts';
import { formatCount } from '../../shared/format.ts';
import type { MessagesFrom } from '../../shared/messages-contract.ts';
import { parseTime } from './parse-time.ts';

/** What a reader who wants to see "the latest" gets. */
export const LAST_COUNT = 1000;

interface Choice extends vscode.QuickPickItem {
  readonly choose: () => Promise<MessagesFrom | undefined>;
}

/** Asks where to read from; undefined when the person leaves. */
export async function askFrom(title: string): Promise<MessagesFrom | undefined> {
  const choices: Choice[] = [
    {
      label: t('Beginning'),
      description: t('the first record that is kept'),
      choose: () => Promise.resolve({ kind: 'beginning' }),
    },
    {
      label: t('End'),
      description: t('only what arrives from now on'),
      choose: () => Promise.resolve({ kind: 'end' }),
    },
    {
      label: t('Last {0}', formatCount(LAST_COUNT)),
      description: t('of each partition, then what arrives'),
      choose: () => Promise.resolve({ kind: 'last', count: LAST_COUNT }),
    },
    { label: t('Offset…'), description: t('the same in every partition'), choose: askOffset },
    { label: t('Time…'), description: t('the first record at or after it'), choose: askTime },
  ];
  const chosen = await vscode.window.showQuickPick(choices, { title, placeHolder: t('Read from') });
  return await chosen?.choose();
}

async function askOffset(): Promise<MessagesFrom | undefined> {
  const text = await vscode.window.showInputBox({
    prompt: t('Offset to start from; one outside of a partition starts at its nearer end'),
    validateInput: (value) => (/^\d{1,15}$/.test(value.trim()) ? undefined : t('A whole number, 0 or more')),
  });
  return text === undefined ? undefined : { kind: 'offset', offset: Number(text.trim()) };
}

async function askTime(): Promise<MessagesFrom | undefined> {
  const text = await vscode.window.showInputBox({
    prompt: t('A time such as 2026-03-01 12:04, or how long ago, such as 10 min'),
    validateInput: (value) =>
      parseTime(value, Date.now()) === undefined ? t('A date and time, or a number with s, min, h or d') : undefined,
  });
  const timestampMs = text === undefined ? undefined : parseTime(text, Date.now());
  return timestampMs === undefined ? undefined : { kind: 'timestamp', timestampMs };
}
