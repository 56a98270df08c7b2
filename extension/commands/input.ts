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
  /** Another answer than a text. */
  readonly button?: StepButton;
}

export interface StepButton {
  /** A codicon. */
  readonly icon: string;
  readonly tooltip: string;
  readonly accept: () => void;
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
    const accept = (): boolean => {
      box.validationMessage = options.problem?.(box.value);
      if (box.validationMessage !== undefined) return false;
      options.accept(box.value);
      return true;
    };
    return ask(box, { title: options.title, position, total, button: options.button, accept });
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
    const accept = (): boolean => {
      const chosen = list.selectedItems[0];
      if (chosen === undefined) return false;
      options.accept(chosen);
      return true;
    };
    return ask(list, { title: options.title, position, total, button: undefined, accept });
  };
}

interface Asking {
  readonly title: string;
  readonly position: number;
  readonly total: number;
  readonly button: StepButton | undefined;
  /** Returns whether the answer will do. */
  readonly accept: () => boolean;
}

/** Shows the input until it is accepted, left, or gone back from. */
function ask(input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>, asking: Asking): Promise<StepOutcome> {
  const { title, position, total, button } = asking;
  input.title = title;
  input.ignoreFocusOut = true;
  if (total > 1) [input.step, input.totalSteps] = [position, total];
  const other = button && { iconPath: new vscode.ThemeIcon(button.icon), tooltip: button.tooltip };
  input.buttons = [...(position > 1 ? [vscode.QuickInputButtons.Back] : []), ...(other ? [other] : [])];
  return new Promise((resolve) => {
    const finish = (outcome: StepOutcome): void => {
      resolve(outcome);
      input.dispose();
    };
    input.onDidAccept(() => {
      if (asking.accept()) finish('next');
    });
    input.onDidTriggerButton((pressed) => {
      if (pressed === vscode.QuickInputButtons.Back) return finish('back');
      button?.accept();
      finish('next');
    });
    input.onDidHide(() => finish('cancelled'));
    input.show();
  });
}
