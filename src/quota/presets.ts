/** What DataWorks allows one account in one region, summed over all its callers. */
export interface Limits {
  /** Calls in any one second: a whole number from 1. */
  perSecond: number;
  /** Calls in a calendar day, or null where there is no limit. */
  perDay: number | null;
  /** Calls in a calendar month, or null where there is no limit. */
  perMonth: number | null;
}

type Edition = 'basic' | 'standard' | 'professional' | 'enterprise';

/**
 * The published limits (developer-reference/use-dataworks-openapi). Enterprise counts reads (50) and writes (20) apart,
 * and the gateway only reads. Beyond their monthly free calls the paid editions pay per call, so those
 * figures are no limits.
 */
const editions: Readonly<Record<Edition, Readonly<Limits>>> = {
  basic: { perSecond: 5, perDay: 100, perMonth: 3_100 },
  standard: { perSecond: 5, perDay: null, perMonth: null },
  professional: { perSecond: 5, perDay: null, perMonth: null },
  enterprise: { perSecond: 50, perDay: null, perMonth: null },
};

/** The limits of an edition, replaced by those in `overrides` (null: no limit). */
export function limitsFor(
  edition: Edition,
  overrides: { [Field in keyof Limits]?: Limits[Field] | undefined } = {},
): Limits {
  const preset = editions[edition];
  return {
    perSecond: overrides.perSecond ?? preset.perSecond,
    perDay: overrides.perDay === undefined ? preset.perDay : overrides.perDay,
    perMonth: overrides.perMonth === undefined ? preset.perMonth : overrides.perMonth,
  };
}
