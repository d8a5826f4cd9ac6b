/** A small generator with a seed: whole numbers from 0 up to but not including `sides`. */
export type Dice = (sides: number) => number;

export function createDice(seed: number): Dice {
  let state = (seed * 2_654_435_761) >>> 0;
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return sides === 0 ? 0 : (state >>> 8) % sides;
  };
}

export function oneOf<T>(values: readonly T[], dice: Dice): T {
  const value = values[dice(values.length)];
  if (value === undefined) throw new Error('There is nothing to choose from.');
  return value;
}
