// The only module that knows the toolkit, which is archived upstream: a successor would go here. The elements follow the
// editor's theme by themselves; their own styles carry the page's nonce.

import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

/** Registers `vscode-button`, `-dropdown`, `-option`, `-progress-ring` and `-text-field`. Once per page. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}
