import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { answer } from '../shared/view-channel.ts';
import type { EventName, Handlers, HostMessage, ViewContract } from '../shared/view-channel.ts';
import { viewPage } from './view-page.ts';

export interface ViewBundle {
  /** Folder of webview/: `dist/webview/<view>.js`, element `samsa-<view>`. */
  readonly view: string;
  readonly title: string;
  readonly extensionUri: vscode.Uri;
  readonly state: object;
}

function bundleFolder(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

/** What a webview may do and load: our scripts from our folder, nothing else. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [bundleFolder(extensionUri)] };
}

/** Puts a view's page into a webview. */
export function showView(webview: vscode.Webview, bundle: ViewBundle): void {
  const folder = bundleFolder(bundle.extensionUri);
  const uri = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  webview.options = webviewOptions(bundle.extensionUri);
  webview.html = viewPage({
    element: `samsa-${bundle.view}`,
    title: bundle.title,
    scriptUri: uri(`${bundle.view}.js`),
    codiconUri: uri('codicon.css'),
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString('base64url'),
    state: bundle.state,
  });
}

/** The host's end of one view's channel. */
export class ViewHost<C extends ViewContract> {
  readonly #webview: vscode.Webview;
  readonly #subscription: vscode.Disposable;
  #isDisposed = false;

  constructor(webview: vscode.Webview, handlers: Handlers<C>) {
    this.#webview = webview;
    this.#subscription = webview.onDidReceiveMessage(async (message: unknown) => {
      const reply = await answer(handlers, message);
      if (reply !== undefined) this.#post(reply);
    });
  }

  /** Tells the view; lost while it is hidden, when it has no page. */
  send<K extends EventName<C>>(event: K, data: C['events'][K]): void {
    this.#post({ kind: 'event', event, data } as HostMessage<C>);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
  }

  #post(message: HostMessage<C>): void {
    if (this.#isDisposed) return;
    // False or a rejection means that the page has gone; it asks anew when it comes back.
    this.#webview.postMessage(message).then(undefined, () => undefined);
  }
}
