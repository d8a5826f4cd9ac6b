/** A random generator that returns the same sequence for the same seed. */
export interface Dice {
  /** A whole number from 0 up to but not including `sides`; 0 for no sides. */
  (sides: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError for an empty list */
  pick<Value>(values: readonly Value[]): Value;
}

export function createDice(seed: number): Dice {
  let state = (seed * 2_654_435_761) >>> 0;
  /** 24 bits. */
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return state >>> 8;
  };
  const roll = (sides: number) => {
    const value = next();
    return sides === 0 ? 0 : value % sides;
  };
  return Object.assign(roll, {
    chance: (probability: number) => next() < probability * 2 ** 24,
    pick<Value>(values: readonly Value[]) {
      const value = values[roll(values.length)];
      if (value === undefined) throw new RangeError('The list to pick from is empty.');
      return value;
    },
  });
}
