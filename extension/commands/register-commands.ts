import * as vscode from 'vscode';
import { sentence } from '../explorer/sentence.ts';
import { t } from '../settings/localize.ts';
import type { CommandTable } from './command-table.ts';
import type { Notifier } from './notifier.ts';

/** Registers the table. What a command throws is shown and logged, never swallowed. */
export function registerCommands(
  table: CommandTable,
  notifier: Notifier,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const entries = Object.entries(table) as [string, (...args: unknown[]) => unknown][];
  const registrations = entries.map(([id, action]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        return await action(...args);
      } catch (error) {
        log.error(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        notifier.error(sentence(error), [{ title: t('Show Log'), run: () => log.show() }]);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}
