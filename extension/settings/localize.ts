/** A text with `{0}`, `{1}`, … for its arguments. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

function fillIn(message: string, ...args: (string | number)[]): string {
  return message.replace(/\{(\d+)\}/g, (placeholder, index: string) => String(args[Number(index)] ?? placeholder));
}

let translate: Translate = fillIn;

/** Makes all later texts go through `vscode.l10n.t`. Modules without VS Code, and their tests, have English without it. */
export function setTranslation(translation: Translate): void {
  translate = translation;
}

/** The text in the editor's language. */
export const t: Translate = (message, ...args) => translate(message, ...args);
