/** Counts by key and in total. */
export function createKeyedCounter() {
  const counts = new Map<string, number>();
  let total = 0;

  function change(key: string, amount: number): void {
    total += amount;
    const count = (counts.get(key) ?? 0) + amount;
    // Keys of callers who have left would add up.
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  }

  return {
    total: () => total,
    of: (key: string) => counts.get(key) ?? 0,
    /** Returns an idempotent function that takes the amount off again. */
    add(key: string, amount = 1): () => void {
      let isCounted = true;
      change(key, amount);
      return () => {
        if (isCounted) change(key, -amount);
        isCounted = false;
      };
    },
  };
}
