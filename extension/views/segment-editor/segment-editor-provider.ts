import * as vscode from 'vscode';
import { t } from '../../settings/localize.ts';
import type { SegmentContract } from '../../shared/segment-contract.ts';
import { systemClock } from '../view-clock.ts';
import { ViewHost, showView } from '../view-host.ts';
import { DiskSegmentBytes, UnreadableBytes } from './segment-bytes.ts';
import { SegmentDocument } from './segment-document.ts';

/** Default for Kafka's own file names. */
export const SEGMENT_VIEW = 'samsa.segment';
/** Offered for any other file. */
export const ANY_SEGMENT_VIEW = 'samsa.segment.any';

/** A file that is open in one or more editors. */
class OpenSegment implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  readonly document: SegmentDocument;
  readonly #editors = new Map<vscode.WebviewPanel, ViewHost<SegmentContract>>();

  constructor(uri: vscode.Uri) {
    this.uri = uri;
    const isLocal = uri.scheme === 'file';
    this.document = new SegmentDocument({
      path: isLocal ? uri.fsPath : uri.path,
      bytes: isLocal
        ? new DiskSegmentBytes(uri.fsPath)
        : new UnreadableBytes(t('Only files on a disk can be read by position.')),
      clock: systemClock,
      onChange: (state) => {
        for (const host of this.#editors.values()) host.send('file', state);
      },
    });
  }

  addEditor(panel: vscode.WebviewPanel, host: ViewHost<SegmentContract>): void {
    this.#editors.set(panel, host);
    this.#watch();
    panel.onDidChangeViewState(() => this.#watch());
    panel.onDidDispose(() => {
      host.dispose();
      this.#editors.delete(panel);
      this.#watch();
    });
  }

  dispose(): void {
    this.document.dispose();
  }

  #watch(): void {
    this.document.setVisible([...this.#editors.keys()].some(({ visible }) => visible));
  }
}

/** Shows bytes and structure of Kafka's files; read only. */
class SegmentEditorProvider implements vscode.CustomReadonlyEditorProvider<OpenSegment> {
  readonly #extensionUri: vscode.Uri;

  constructor(extensionUri: vscode.Uri) {
    this.#extensionUri = extensionUri;
  }

  openCustomDocument(uri: vscode.Uri): OpenSegment {
    return new OpenSegment(uri);
  }

  resolveCustomEditor(segment: OpenSegment, panel: vscode.WebviewPanel): void {
    const { document, uri } = segment;
    const host = new ViewHost<SegmentContract>(panel.webview, {
      open: () => document.open(),
      bytes: ({ page }) => document.bytes(page),
      nodes: ({ parent, from, count }) => document.nodes(parent, from, count),
      locate: ({ at }) => document.locate(at),
      findOffset: ({ offset }) => document.findOffset(offset),
      copy: async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
        return null;
      },
      openAsText: async () => {
        await vscode.commands.executeCommand('vscode.openWith', uri, 'default');
        return null;
      },
      close: () => {
        panel.dispose();
        return null;
      },
    });
    segment.addEditor(panel, host);
    const title = uri.path.split('/').at(-1) ?? '';
    showView(panel.webview, { view: 'segment', title, extensionUri: this.#extensionUri, state: { position: 0 } });
  }
}

/** Registers both editors: the default one for Kafka's names and the one for any file. */
export function registerSegmentEditor(extensionUri: vscode.Uri): vscode.Disposable {
  const provider = new SegmentEditorProvider(extensionUri);
  const options = { supportsMultipleEditorsPerDocument: true };
  return vscode.Disposable.from(
    vscode.window.registerCustomEditorProvider(SEGMENT_VIEW, provider, options),
    vscode.window.registerCustomEditorProvider(ANY_SEGMENT_VIEW, provider, options),
  );
}
