import { ApiError } from './wire.ts';

export interface QuotaOptions {
  /** Calls in any second, over all actions; null for no limit. */
  qps: number | null;
  /** Calls a day, which turns at midnight in China (UTC+8); null for no limit. */
  dailyCalls: number | null;
  /** Calls a month, likewise; null for no limit. */
  monthlyCalls: number | null;
  now: () => number;
}

export interface Quota {
  /** Pays for one call, or throws the 429 of the limit that stands in its way. A refused call costs nothing. */
  spend(): void;
}

const CHINA_OFFSET_MS = 8 * 3_600_000;

/** The allowance of one account in one region. The second is a strict sliding window: no boundary lets twice as many by. */
export function createQuota(options: QuotaOptions): Quota {
  let recent: number[] = [];
  let refusals = 0;
  const day = createCounter('yyyy-mm-dd'.length);
  const month = createCounter('yyyy-mm'.length);

  return {
    spend() {
      const now = options.now();
      recent = recent.filter((at) => at > now - 1000);
      if (month.count(now) >= (options.monthlyCalls ?? Infinity)) {
        throw new ApiError(429, 'Throttling.Resource', 'The quota of the DataWorks edition is used up.');
      }
      if (day.count(now) >= (options.dailyCalls ?? Infinity)) throw dailyLimitError();
      if (recent.length >= (options.qps ?? Infinity)) {
        // Both are documented, and neither as belonging to this limit alone: a client must know both.
        const code = refusals++ % 2 === 0 ? 'Throttling.User' : 'Throttling.Api';
        throw new ApiError(429, code, 'Your request is too frequent. Try again later.');
      }
      if (options.qps !== null) recent.push(now);
      day.add(now);
      month.add(now);
    },
  };
}

export function dailyLimitError(): ApiError {
  return new ApiError(
    429,
    'Throttling.Api.Risk',
    'The request for this resource has exceeded your daily available limit',
  );
}

/** Counts within a period that is a prefix of the ISO date. */
function createCounter(prefixLength: number) {
  let period = '';
  let calls = 0;

  const count = (now: number) => {
    const current = new Date(now + CHINA_OFFSET_MS).toISOString().slice(0, prefixLength);
    if (current !== period) {
      period = current;
      calls = 0;
    }
    return calls;
  };
  const add = (now: number) => {
    calls = count(now) + 1;
  };
  return { count, add };
}
