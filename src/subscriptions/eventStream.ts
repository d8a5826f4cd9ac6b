import { setMaxListeners } from 'node:events';

/**
 * Maps each value of a stream. Aborting `ending`, or `return`, ends the source at once, even while it has no value: an async
 * generator would wait for the next one.
 */
export function mapEvents<Result>(
  source: AsyncIterator<unknown>,
  ending: AbortController,
  map: (value: unknown) => Promise<Result>,
): AsyncIterableIterator<Result, undefined> {
  const endSource = (): void => void source.return?.();
  if (ending.signal.aborted) endSource();
  else ending.signal.addEventListener('abort', endSource, { once: true });
  return {
    async next() {
      try {
        const step = await source.next();
        return step.done === true ? end() : { done: false, value: await map(step.value) };
      } catch (error) {
        end();
        throw error;
      }
    },
    return: () => Promise.resolve(end()),
    [Symbol.asyncIterator]() {
      return this;
    },
  };

  function end(): { done: true; value: undefined } {
    ending.abort();
    return { done: true, value: undefined };
  }
}

/**
 * Returns what ends one subscription. The end of its connection does, too, because graphql-ws loses track of a subscription whose
 * id is used again while it starts.
 */
export function endingWith(closing: AbortSignal): AbortController {
  const ending = new AbortController();
  // A subscription of many events, and a connection of many subscriptions, is no leak.
  setMaxListeners(0, ending.signal, closing);
  if (closing.aborted) ending.abort();
  else closing.addEventListener('abort', () => ending.abort(), { once: true, signal: ending.signal });
  return ending;
}
