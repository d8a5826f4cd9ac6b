import { expect, test } from '@jest/globals';
import { renderConfigurationDoc } from '../../scripts/configurationDoc.ts';
import { settings } from '../../src/config/settings.ts';

test('the configuration page has one row for each setting, short enough to read', () => {
  const rows = renderConfigurationDoc()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.map((row) => /`(\w+)`/.exec(row)?.[1]).toSorted()).toEqual(
    Object.keys(settings.shape).toSorted(),
  );
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(200);
  expect(rows.find((row) => row.includes('`PORT`'))).toBe(
    '| `PORT` | 0 to 65535 | `4000` | Port to listen on; 0 for any free one. |',
  );
});
