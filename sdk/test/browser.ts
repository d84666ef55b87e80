/** Real Chromium, found as CHROMIUM_PATH or on the PATH. A missing browser fails the tests. */
import { execFileSync } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Without some of what is given to every browser under test, if need be. */
export function launch(without: string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], ignoreDefaultArgs: without });
}

/** What a page complained of: console errors, uncaught errors. */
export function complaints(page: Page): string[] {
  const list: string[] = [];
  page.on('console', (message) => message.type() === 'error' && list.push(message.text()));
  page.on('pageerror', (error) => list.push(String(error)));
  return list;
}
