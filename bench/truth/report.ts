import type { FuzzFigures } from './fuzz.ts';

/** One line: how many responses were fresh, stale, rejected and wrong. */
export function figuresInWords({
  answers,
  fresh,
  stale,
  rejected,
  wrong,
  compared,
  contradictedElsewhere,
  wentBack,
  calls,
}: FuzzFigures): string {
  const kinds = Object.entries(rejected).map(([kind, count]) => `${count} ${kind}`);
  return `${answers} responses: ${fresh} fresh, ${stale} stale, ${rejectedIn(rejected)} rejected (${kinds.join(', ')}), ${wrong.length} wrong; ${wentBack} of ${compared} went back in time, ${contradictedElsewhere} rows contradicted another gateway; ${calls} upstream calls`;
}

export function rejectedIn(rejected: Readonly<Record<string, number>>): number {
  return Object.values(rejected).reduce((sum, count) => sum + count, 0);
}

export function sum(parts: readonly FuzzFigures[]): FuzzFigures {
  const rejected: Record<string, number> = {};
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part.rejected)) rejected[kind] = (rejected[kind] ?? 0) + count;
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
    rejected,
    wrong: parts.flatMap(({ wrong }) => wrong),
  };
}
