import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const script = fileURLToPath(new URL('../../scripts/checkDocs.ts', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));

describe('scripts/checkDocs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'docs-'));
    for (const name of ['docs', 'examples', 'src']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'package.json'), '{ "scripts": { "demo": "" } }');
    writeFileSync(join(folder, 'src/gateway.ts'), '');
    writeFileSync(join(folder, 'docs/page.md'), '# A page\n\n## First part: `x`\n');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs the check for a README with this text. */
  function check(readme: string) {
    writeFileSync(join(folder, 'README.md'), readme);
    const { status, stderr } = spawnSync(process.execPath, ['--import', `file://${tsx}`, script], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, stderr };
  }

  test('accepts short pages whose links and names exist', () => {
    const text =
      '[page](docs/page.md#first-part-x) `src/gateway.ts` `npm run demo` [web](https://example.com/x)\n';
    expect(check(text)).toEqual({ status: 0, stderr: '' });
  });

  test('reports every problem at once', () => {
    const text = [
      'x'.repeat(161),
      '[a](docs/missing.md) [b](docs/page.md#second) `src/missing.ts` `npm run missing`',
      '`CACHE_MISSING` dataworks_gateway_missing `UPSTREAM_TIMEOUT` `CACHE_FRESH_MS=500` dataworks_gateway_pollers',
      ...Array<string>(120).fill('line'),
    ].join('\n');
    expect(check(text)).toEqual({
      status: 1,
      stderr: [
        'README.md:1: 161 characters; at most 160.',
        'README.md: 123 lines; at most 120.',
        'README.md: the link docs/missing.md leads nowhere.',
        'README.md: docs/page.md has no heading for #second.',
        'README.md: src/missing.ts does not exist.',
        'README.md: CACHE_MISSING is neither a setting nor an error code.',
        'README.md: no metric is called dataworks_gateway_missing.',
        'README.md: package.json has no script missing.',
        '',
      ].join('\n'),
    });
  });
});
