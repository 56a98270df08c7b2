/** A text with `{0}`, `{1}`, … for its arguments. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

/** Fills in the arguments and leaves the text as it is. */
export const english: Translate = (message, ...args) =>
  message.replace(/\{(\d+)\}/g, (placeholder, index: string) => String(args[Number(index)] ?? placeholder));

let translate: Translate = english;

/** Makes all later texts go through `vscode.l10n.t`. Modules without VS Code, and their tests, have English without it. */
export function setTranslation(translation: Translate): void {
  translate = translation;
}

/** The text in the editor's language. */
export const t: Translate = (message, ...args) => translate(message, ...args);
