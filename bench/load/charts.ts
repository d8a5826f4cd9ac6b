/** One panel: values over time, in a unit. */
export interface Chart {
  title: string;
  unit: string;
  /** One upon the other, as parts of a whole. */
  isStacked?: boolean;
  /** What the values must stay below. */
  limit?: { name: string; value: number };
  /** Seconds, for each value of every series. */
  atS: readonly number[];
  series: readonly Series[];
}

interface Series {
  name: string;
  colour: string;
  values: readonly number[];
}

const PLOT = { width: 356, height: 178, left: 40, right: 8, top: 8, bottom: 22 };

const STYLE = `
  * { box-sizing: border-box; margin: 0 }
  body { font: 12px Inter, system-ui, sans-serif; color: #2b2f36; background: #f4f5f7; padding: 18px 16px }
  header { display: flex; align-items: baseline; gap: 12px; margin-bottom: 14px }
  h1 { font-size: 17px; font-weight: 600 } header p { color: #6a717c }
  main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px }
  section { background: #fff; border: 1px solid #e3e6ea; border-radius: 8px; padding: 12px 10px 8px }
  h2 { font-size: 13px; font-weight: 600; padding: 0 4px } h2 small { font-weight: 400; color: #8a919c; margin-left: 5px }
  ul { list-style: none; display: flex; flex-wrap: wrap; column-gap: 10px; padding: 4px; min-height: 40px; align-content: start; font-size: 11px }
  li { white-space: nowrap; color: #4d545e } li b { font-weight: 600; color: #2b2f36; font-variant-numeric: tabular-nums }
  i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 4px }
  i.dashed { height: 0; border-top: 2px dashed #d03b3b; vertical-align: middle; width: 13px; border-radius: 0 }
  svg { display: block } text { font-size: 10.5px; fill: #8a919c }`;

/** A page of charts, with nothing to be fetched. */
export function pageOf(title: string, subtitle: string, charts: readonly Chart[]): string {
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
<header><h1>${title}</h1><p>${subtitle}</p></header><main>${charts.map(panelOf).join('')}</main>`;
}

function panelOf(chart: Chart): string {
  const { title, unit, series, limit } = chart;
  const entries = series.map(
    ({ name, colour, values }) =>
      `<li><i style="background:${colour}"></i>${name} <b>${short(median(values))}</b></li>`,
  );
  if (limit) entries.push(`<li><i class="dashed"></i>${limit.name} <b>${short(limit.value)}</b></li>`);
  return `<section><h2>${title}<small>${unit}</small></h2><ul>${entries.join('')}</ul>${plotOf(chart)}</section>`;
}

function plotOf({ atS, series, isStacked = false, limit }: Chart): string {
  const layers = isStacked ? stacked(series) : series.map((one) => ({ ...one, floor: null }));
  const top = niceTop(Math.max(limit?.value ?? 0, ...layers.flatMap(({ values }) => values)));
  const { width, height, left, right, bottom } = PLOT;
  const lastS = atS.at(-1) ?? 1;
  const x = (s: number) => left + (s / lastS) * (width - left - right);
  const y = (value: number) => height - bottom - (value / top) * (height - bottom - PLOT.top);
  const points = (values: readonly number[]) =>
    values.map((value, n) => `${x(atS[n] ?? 0).toFixed(1)},${y(value).toFixed(1)}`);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(share * top)}" y2="${y(share * top)}" stroke="#eceef1"/>` +
      `<text x="${left - 6}" y="${y(share * top) + 4}" text-anchor="end">${short(share * top)}</text>`,
  );
  const ticks = timeTicks(lastS).map(
    ({ s, label }) =>
      `<text x="${x(s)}" y="${height - 6}" text-anchor="${s > 0.95 * lastS ? 'end' : 'middle'}">${label}</text>`,
  );
  const shapes = layers.map(({ colour, values, floor }) =>
    floor === null
      ? `<polyline points="${points(values).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.7" stroke-linejoin="round"/>`
      : `<polygon points="${[...points(values), ...points(floor).reverse()].join(' ')}" fill="${colour}" fill-opacity=".8"/>`,
  );
  const bound = limit
    ? `<line x1="${left}" x2="${width - right}" y1="${y(limit.value)}" y2="${y(limit.value)}" stroke="#d03b3b" stroke-width="1.5" stroke-dasharray="5 4"/>`
    : '';
  return `<svg width="${width}" height="${height}">${[...grid, ...ticks, ...shapes, bound].join('')}</svg>`;
}

function stacked(series: readonly Series[]): (Series & { floor: readonly number[] | null })[] {
  let floor: readonly number[] = (series[0]?.values ?? []).map(() => 0);
  return series.map((one) => {
    const below = floor;
    floor = one.values.map((value, n) => value + (below[n] ?? 0));
    return { ...one, values: floor, floor: below };
  });
}

/** The next of 1, 2, 4, 5, 6, 8 or 10 times a power of ten, with some air above the highest value. */
function niceTop(highest: number): number {
  const wanted = Math.max(highest * 1.08, 1e-6);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 4, 6, 8, 10].find((step) => step * power >= wanted) ?? 10);
}

function timeTicks(lastS: number): { s: number; label: string }[] {
  const isLong = lastS > 120;
  const every = isLong ? 120 : 5;
  return Array.from({ length: Math.floor(lastS / every) + 1 }, (_, n) => ({
    s: n * every,
    label: isLong ? `${(n * every) / 60} min` : `${n * every} s`,
  }));
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}
