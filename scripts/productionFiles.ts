import { readFileSync } from 'node:fs';

/** The files and folders of this repository that the Dockerfile copies into the image, such as `dist`. */
export function productionFiles(): string[] {
  const [, image = ''] = readFileSync('Dockerfile', 'utf8')
    .split(/^FROM /m)
    .slice(1);
  const copies = image.matchAll(/^COPY (?:--from=build )?(.+) \S+$/gm);
  return [...copies].flatMap(([, sources = '']) =>
    sources.split(' ').map((path) => path.replace('/app/', '')),
  );
}
