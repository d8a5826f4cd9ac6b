/**
 * The same stream with each of its values made into another. To end it ends its source at once, also while that has nothing to
 * say, which an async generator would wait for.
 */
export function mapEach<From, To>(
  source: AsyncIterator<From>,
  map: (value: From) => To | Promise<To>,
  onEnd: () => void,
): AsyncIterableIterator<To, undefined> {
  return {
    async next() {
      try {
        const step = await source.next();
        if (step.done !== true) return { done: false, value: await map(step.value) };
      } catch (error) {
        await end();
        throw error;
      }
      onEnd();
      return { done: true, value: undefined };
    },
    async return() {
      await end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };

  async function end(): Promise<void> {
    onEnd();
    await source.return?.();
  }
}
