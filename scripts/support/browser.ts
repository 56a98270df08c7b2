import { chromium as playwright } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { chromium } from '../../test/support/tools.ts';

/** Starts this machine's Chromium without a window. Rejects when there is none. */
export async function launchBrowser(): Promise<Browser> {
  if (chromium === undefined)
    throw new Error('No Chromium found: apt-get install chromium, or set CHROMIUM to its path');
  return playwright.launch({
    executablePath: chromium,
    headless: true,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--force-prefers-reduced-motion'],
    ],
  });
}
