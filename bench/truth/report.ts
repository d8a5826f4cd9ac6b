import type { FuzzFigures } from './fuzz.ts';

/** One line a part: how many answers were fresh, stale, refused and wrong. */
export function figuresInWords({
  answers,
  fresh,
  stale,
  refused,
  wrong,
  compared,
  contradictedElsewhere,
  wentBack,
  calls,
}: FuzzFigures): string {
  const kinds = Object.entries(refused).map(([kind, count]) => `${count} ${kind}`);
  return `${answers} answers: ${fresh} fresh, ${stale} stale, ${refusedIn(refused)} refused (${kinds.join(', ')}), ${wrong.length} wrong; ${wentBack} of ${compared} went back in time, ${contradictedElsewhere} rows contradicted another gateway; ${calls} upstream calls`;
}

export function refusedIn(refused: Readonly<Record<string, number>>): number {
  return Object.values(refused).reduce((sum, count) => sum + count, 0);
}

export function sum(parts: readonly FuzzFigures[]): FuzzFigures {
  const refused: Record<string, number> = {};
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part.refused)) refused[kind] = (refused[kind] ?? 0) + count;
  }
  const total = (
    name: 'answers' | 'fresh' | 'stale' | 'compared' | 'contradictedElsewhere' | 'wentBack' | 'calls',
  ) => parts.reduce((all, part) => all + part[name], 0);
  return {
    answers: total('answers'),
    fresh: total('fresh'),
    stale: total('stale'),
    compared: total('compared'),
    contradictedElsewhere: total('contradictedElsewhere'),
    wentBack: total('wentBack'),
    calls: total('calls'),
    refused,
    wrong: parts.flatMap(({ wrong }) => wrong),
  };
}
