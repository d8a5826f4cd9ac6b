/** Content codings in the order of preference: at the levels in use, brotli takes less CPU time for about the same length. */
export const ENCODINGS = ['br', 'gzip'] as const;

export type Encoding = (typeof ENCODINGS)[number];

/** A longer header is ignored, so that parsing it costs nothing. Browsers send less than 30 characters. */
const MAX_HEADER_LENGTH = 256;

/**
 * The content coding that an `accept-encoding` header asks for; null for none. Also null if the header excludes every coding and the
 * body as it is: an answer that the client can probably read is better than 406.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
export function encodingFor(header: string | undefined): Encoding | null {
  if (header === undefined || header.length > MAX_HEADER_LENGTH) return null;
  const weights = new Map(header.toLowerCase().split(',').map(weighted));
  const others = weights.get('*') ?? 0;
  // Without a weight of its own, the body as it is comes last.
  let best: Encoding | null = null;
  let bestWeight = weights.get('identity') ?? 0;
  for (const encoding of ENCODINGS) {
    const weight = weights.get(encoding) ?? others;
    if (weight > bestWeight || (weight === bestWeight && weight > 0 && best === null)) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return best;
}

/** An invalid weight is NaN, which no comparison prefers. */
function weighted(item: string): [coding: string, weight: number] {
  const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return [coding, weight === undefined ? 1 : Number(weight)];
}
