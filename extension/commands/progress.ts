import * as vscode from 'vscode';

/** Work that takes longer shows a notification, so that it can be cancelled. */
const patienceMs = 1500;

/** Progress in the view at once, in a notification when it takes long. Rejects as the work does. */
export async function withProgress(title: string, work: Promise<unknown>, cancel?: () => void): Promise<void> {
  const inView = vscode.window.withProgress({ location: { viewId: 'samsa.explorer' } }, () => work);
  const timer = setTimeout(() => {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: cancel !== undefined };
    // Its failure is told by whoever waits for the work.
    const shown = vscode.window.withProgress(options, (_progress, token) => {
      if (cancel !== undefined) token.onCancellationRequested(cancel);
      return work;
    });
    shown.then(undefined, () => undefined);
  }, patienceMs);
  try {
    await inView;
  } finally {
    clearTimeout(timer);
  }
}
