import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

/** Debian's. Playwright's own browsers are a download that a test must not depend on. */
const EXECUTABLE = '/usr/bin/chromium';

const FLAGS = [
  '--headless',
  // Its sandbox needs privileges that containers lack. It only loads our own pages.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A requirement besides Chromium. */
export interface Need {
  path: string;
  /** The command that installs it. */
  by: string;
}

/**
 * Like `describe`, for tests in a real browser. Where Chromium or another need is missing they are skipped, and a line says
 * why; where `CI` is set that is a failure, so that they cannot be lost unnoticed.
 */
export function describeWithChromium(name: string, needs: readonly Need[], body: () => void): void {
  const missing = [{ path: EXECUTABLE, by: 'apt-get install chromium' }, ...needs].find(
    ({ path }) => !existsSync(path),
  );
  if (!missing) {
    describe(name, body);
    return;
  }
  const why = `${name}: there is no ${missing.path} (${missing.by}).`;
  if (process.env['CI']) throw new Error(why);
  process.stderr.write(`Skipped ${why}\n`);
  describe.skip(name, body);
}

/** A browser of its own, with an empty profile. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}
