import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bundle } from './bundle.ts';
import { licensesOf } from './licenses.ts';
import { withoutPackages } from './sourceMaps.ts';

/* `npm run build`, after the type check: writes the programs and the licenses of the packages in them to `dist`. */

const { files, metafile } = await bundle();
rmSync('dist', { recursive: true, force: true });
for (const { path, text } of files) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, path.endsWith('.map') ? withoutPackages(text) : text);
}
writeFileSync('dist/LICENSES.txt', licensesOf(metafile));
