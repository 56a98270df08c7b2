// node scripts/verb.mjs icon: draws media/samsa.png, the marketplace's icon, from media/samsa-logo.svg.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from './support/browser.ts';
import { root } from './support/paths.ts';

const sizePx = 256;

const svg = await readFile(join(root, 'media', 'samsa-logo.svg'), 'utf8');
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: sizePx, height: sizePx } });
  await page.setContent(`<body style="margin:0">${svg}</body>`);
  await page.screenshot({ path: join(root, 'media', 'samsa.png'), omitBackground: true });
} finally {
  await browser.close();
}
