import * as vscode from 'vscode';

export const RECORD_SCHEME = 'samsa-record';

/** Texts of records that were opened in an editor; old ones are forgotten. */
const MAX_DOCUMENTS = 20;

/** Keys and values as read-only documents, so that an editor shows what a pane cannot. */
export class RecordDocuments implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #count = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? 'The record is no longer at hand. Open it again from the Messages view.';
  }

  /** `name` is the file name that the tab shows, with the extension that gives the language. */
  async open(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: RECORD_SCHEME, path: `/${++this.#count}/${name}` });
    this.#texts.set(uri.toString(), text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= MAX_DOCUMENTS) break;
      this.#texts.delete(oldest);
    }
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  }
}
