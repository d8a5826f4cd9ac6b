import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/** In a frame of a stack: the file, the line and the column, from 1. */
const POSITION = /(file:\/\/[^\s()]+):(\d+):(\d+)/;

/**
 * Replaces the position in a bundled file by the position in `src`, in a frame of a stack. Positions in packages and in files without a
 * source map stay as they are.
 *
 * Node's --enable-source-maps does the same for every error, which adds 50 ms to the start and a tenth to each rejected request.
 */
export function withSourcePosition(frame: string): string {
  return frame.replace(POSITION, (position, url: string, line: string, column: string) => {
    const generatedLine = Number(line) - 1;
    const entry = mapOf(url)?.findEntry(generatedLine, Number(column) - 1);
    // The nearest entry is on an earlier line if the map has none for the line itself.
    if (!entry || !('originalSource' in entry) || entry.generatedLine !== generatedLine) return position;
    const source = entry.originalSource.replace(/^(?:\.\.\/)+/, '');
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

/** The folder of the bundle: no other files are read. */
const BUNDLE = new URL('..', import.meta.url).href;

/** By URL of the file; null for a file without a map. */
const maps = new Map<string, SourceMap | null>();

/** The source map beside the file, read when a bug is first logged. */
function mapOf(url: string): SourceMap | null {
  if (!url.startsWith(BUNDLE)) return null;
  let map = maps.get(url);
  if (map === undefined) {
    map = readMap(`${url}.map`);
    maps.set(url, map);
  }
  return map;
}

function readMap(url: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as SourceMapPayload);
  } catch {
    return null;
  }
}
