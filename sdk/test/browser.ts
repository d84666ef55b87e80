/** Real Chromium, found as CHROMIUM_PATH or on the PATH. A missing browser fails the tests. */
import { execFileSync } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';

/** As behind a firewall: whatever is not on this machine is not to be had. */
const SHUT_OFF = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

/** Without some of what is given to every browser under test, if need be. */
export function launch(without: string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', SHUT_OFF], ignoreDefaultArgs: without });
}

/** What a page complained of: console errors and what they are about, uncaught errors. */
export function complaints(page: Page): string[] {
  const list: string[] = [];
  page.on('console', (message) => message.type() === 'error' && list.push(`${message.text()} ${message.location().url}`));
  page.on('pageerror', (error) => list.push(String(error)));
  return list;
}
