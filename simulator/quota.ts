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
  /** Charges one call, or throws the 429 of the exceeded limit. A rejected call is not charged. */
  spend(): void;
}

const CHINA_OFFSET_MS = 8 * 3_600_000;

/** The quota of one account in one region. The limit per second uses a strict sliding window, without bursts at a boundary. */
export function createQuota(options: QuotaOptions): Quota {
  let recent: number[] = [];
  let rejections = 0;
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
        // Both codes are documented and neither is specific to this limit, so a client must handle both.
        const code = rejections++ % 2 === 0 ? 'Throttling.User' : 'Throttling.Api';
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
