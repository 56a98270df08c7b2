// The only module that knows the toolkit, which is archived upstream: a successor would go here. The elements follow the
// editor's theme by themselves; their own styles carry the page's nonce.

import {
  TextField,
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

/** Registers `vscode-button`, `-dropdown`, `-option`, `-progress-ring` and `-text-field`. Once per page. */
export function registerControls(): void {
  keepNames();
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

/** A text field calls itself "Text field" when it is connected, whatever its page called it. */
function keepNames(): void {
  const { prototype } = TextField;
  const connect = Object.getOwnPropertyDescriptor(prototype, 'connectedCallback')?.value as () => void;
  prototype.connectedCallback = function (this: TextField) {
    const name = this.getAttribute('aria-label');
    connect.call(this);
    if (name !== null) this.setAttribute('aria-label', name);
  };
}
