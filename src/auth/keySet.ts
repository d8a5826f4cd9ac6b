import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../core/clock.ts';
import type { MaybePromise } from '../core/maybePromise.ts';

/** Where the keys come from that tokens are verified with. An unchanged set is the same object each time. */
export interface KeySource {
  /** The keys as they are known now; null while none are. Waits for a fetch only where there is nothing to verify with. */
  keys(): MaybePromise<JWTVerifyGetKey | null>;
  /** Keys other than those, for a token of a key that is not among them; null where there are none. */
  newerKeys(than: JWTVerifyGetKey): MaybePromise<JWTVerifyGetKey | null>;
  /** Why the keys can't be fetched at the moment; null while they can. */
  problem(): string | null;
}

export interface IssuerOptions {
  url: string;
  clock: Clock;
  /** Called when the issuer's keys become unavailable, with the reason, and with null when they are available again. */
  onIssuerChange: (problem: string | null) => void;
  fetchKeys?: (url: string) => Promise<FetchedKeys>;
}

export interface FetchedKeys {
  text: string;
  keys: JWTVerifyGetKey;
}

/** A set of this age is fetched again in the background. */
const REFRESH_AFTER_MS = 300_000;
/** The last valid set is used up to this age while no newer one can be fetched. */
const MAX_AGE_MS = 86_400_000;
/** Between two fetches, whatever asks for them: while there are keys, and while there are none. */
const COOL_DOWN_MS = 30_000;
export const COOL_DOWN_WITHOUT_KEYS_MS = 5000;
/** Of the network, so by the system's clock. */
const FETCH_TIMEOUT_MS = 5000;
const MAX_BYTES = 1_000_000;

/**
 * The keys that an issuer serves at a URL, fetched when the first token needs them. An outage of the issuer does not invalidate
 * the keys that are known: they are used on while refreshes fail. One fetch is under way at a time, with a cool-down between two,
 * so that tokens of made-up keys cause no more fetches than valid ones.
 */
export function createIssuerKeys(options: IssuerOptions): KeySource {
  const { url, clock, onIssuerChange, fetchKeys = fetchKeySet } = options;
  let known: (FetchedKeys & { fetchedAt: number }) | null = null;
  let attemptedAt = -Infinity;
  let underWay: Promise<void> | null = null;
  let problem: string | null = null;

  const ageMs = () => (known === null ? Infinity : clock.monotonic() - known.fetchedAt);
  const usable = () => (known !== null && ageMs() < MAX_AGE_MS ? known.keys : null);

  /** Resolves when the fetch under way, or a new one, has ended; at once during the cool-down. Never rejects. */
  function refresh(): Promise<void> {
    if (underWay !== null) return underWay;
    const coolDownMs = usable() === null ? COOL_DOWN_WITHOUT_KEYS_MS : COOL_DOWN_MS;
    if (clock.monotonic() - attemptedAt < coolDownMs) return Promise.resolve();
    attemptedAt = clock.monotonic();
    underWay = attempt().finally(() => (underWay = null));
    return underWay;
  }

  async function attempt(): Promise<void> {
    try {
      const fetched = await fetchKeys(url);
      const isUnchanged = known?.text === fetched.text;
      known = { ...(isUnchanged && known ? known : fetched), fetchedAt: clock.monotonic() };
      report(null);
    } catch (error) {
      report(error instanceof KeySetError ? error.message : 'is unreachable');
    }
  }

  function report(now: string | null): void {
    const hasChanged = (problem === null) !== (now === null);
    problem = now;
    if (hasChanged) onIssuerChange(now);
  }

  return {
    keys() {
      if (ageMs() > REFRESH_AFTER_MS) {
        const refreshed = refresh();
        if (usable() === null) return refreshed.then(usable);
      }
      return usable();
    },
    async newerKeys(than) {
      if (usable() === than) await refresh();
      const now = usable();
      return now === than ? null : now;
    },
    problem: () => problem,
  };
}

/** Keys that are read from elsewhere and have no newer ones behind them. */
export function fixedSource(keys: () => MaybePromise<JWTVerifyGetKey>): KeySource {
  return { keys, newerKeys: () => null, problem: () => null };
}

/** What is wrong with what an issuer answers, in words that quote nothing of it. */
class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

async function fetchKeySet(url: string): Promise<FetchedKeys> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  const text = await boundedText(response);
  if (response.status !== 200) throw new KeySetError(`answers ${response.status}`);
  return { text, keys: keySetIn(text) };
}

async function boundedText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_BYTES) throw new KeySetError(`answers more than ${MAX_BYTES} bytes`);
  }
  return text;
}

/** An issuer without any key would reject every token: that is a failure of its own and no change of keys. */
function keySetIn(text: string): JWTVerifyGetKey {
  try {
    const set = JSON.parse(text) as JSONWebKeySet;
    if (set.keys.length > 0) return createLocalJWKSet(set);
  } catch {
    // Reported below.
  }
  throw new KeySetError('answers no JSON Web Key Set with a key in it');
}
