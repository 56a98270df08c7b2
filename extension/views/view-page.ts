/** What differs between the pages of views. URIs are those that the webview may load. */
export interface ViewPage {
  /** The custom element that is the view. */
  readonly element: string;
  readonly title: string;
  readonly scriptUri: string;
  readonly codiconUri: string;
  readonly cspSource: string;
  readonly nonce: string;
  /** What the view starts from until it has kept a state of its own. */
  readonly state: object;
}

/**
 * The page of a view: nothing may load but our script (by nonce), the icon font and styles. The toolkit's own styles find
 * their nonce in the `csp-nonce` property.
 */
export function viewPage(page: ViewPage): string {
  const { nonce, cspSource } = page;
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="samsa-state" content="${escapeHtml(JSON.stringify(page.state))}">
<title>${escapeHtml(page.title)}</title>
<link rel="stylesheet" href="${escapeHtml(page.codiconUri)}">
<style nonce="${nonce}">
html, body, main { height: 100%; margin: 0; padding: 0; overflow: hidden; }
</style>
</head>
<body>
<main><${page.element}></${page.element}></main>
<script type="module" nonce="${nonce}" src="${escapeHtml(page.scriptUri)}"></script>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
