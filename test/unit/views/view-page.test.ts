import { expect, test } from 'vitest';
import { viewPage } from '../../../extension/views/view-page.ts';

const page = viewPage({
  element: 'samsa-offsets',
  title: '<b>"orders" & more</b>',
  scriptUri: 'https://host/offsets.js',
  codiconUri: 'https://host/codicon.css',
  cspSource: 'https://host',
  nonce: 'abc',
  state: { topic: `"><script>alert('x')</script>` },
});

test('the policy allows our script by nonce and nothing inline', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
  expect(policy).toContain('default-src &#39;none&#39;');
  expect(policy).toContain('script-src &#39;nonce-abc&#39;');
  expect(policy).not.toContain('unsafe');
  expect(page).toContain('<meta property="csp-nonce" content="abc">');
});

test('what comes from a topic cannot leave its attribute', () => {
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain('<title>&lt;b&gt;&quot;orders&quot; &amp; more&lt;/b&gt;</title>');
});
