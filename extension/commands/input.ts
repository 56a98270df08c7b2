import * as vscode from 'vscode';
import type { Step, StepOutcome } from './steps.ts';

export interface TextStep {
  readonly title: string;
  readonly prompt: string;
  readonly placeholder?: string;
  /** What stands there already; asked for upon each visit. */
  readonly value: () => string;
  readonly accept: (value: string) => void;
  /** Why a value will not do; undefined when it will. */
  readonly problem?: (value: string) => string | undefined;
}

export interface PickStep<Item extends vscode.QuickPickItem> {
  readonly title: string;
  readonly placeholder: string;
  readonly items: readonly Item[];
  readonly active: () => Item | undefined;
  readonly accept: (item: Item) => void;
}

/** A step that asks for a line of text. */
export function textStep(options: TextStep): Step {
  return (position, total) => {
    const box = vscode.window.createInputBox();
    box.prompt = options.prompt;
    box.placeholder = options.placeholder;
    box.value = options.value();
    box.onDidChangeValue((value) => (box.validationMessage = options.problem?.(value)));
    return ask(box, options.title, position, total, () => {
      box.validationMessage = options.problem?.(box.value);
      if (box.validationMessage !== undefined) return false;
      options.accept(box.value);
      return true;
    });
  };
}

/** A step that asks to choose one of several. */
export function pickStep<Item extends vscode.QuickPickItem>(options: PickStep<Item>): Step {
  return (position, total) => {
    const list = vscode.window.createQuickPick<Item>();
    list.placeholder = options.placeholder;
    list.items = options.items;
    list.matchOnDescription = true;
    const active = options.active();
    if (active !== undefined) list.activeItems = [active];
    return ask(list, options.title, position, total, () => {
      const chosen = list.selectedItems[0];
      if (chosen === undefined) return false;
      options.accept(chosen);
      return true;
    });
  };
}

/** Shows the input until it is accepted, left, or gone back from. `accept` returns whether the answer will do. */
function ask(
  input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
  title: string,
  position: number,
  total: number,
  accept: () => boolean,
): Promise<StepOutcome> {
  input.title = title;
  input.ignoreFocusOut = true;
  if (total > 1) [input.step, input.totalSteps] = [position, total];
  if (position > 1) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise((resolve) => {
    const finish = (outcome: StepOutcome): void => {
      resolve(outcome);
      input.dispose();
    };
    input.onDidAccept(() => {
      if (accept()) finish('next');
    });
    input.onDidTriggerButton((button) => {
      if (button === vscode.QuickInputButtons.Back) finish('back');
    });
    input.onDidHide(() => finish('cancelled'));
    input.show();
  });
}
