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
    /** Returns a function that takes the amount off again. Call it once. */
    add(key: string, amount = 1): () => void {
      change(key, amount);
      return () => change(key, -amount);
    },
  };
}
