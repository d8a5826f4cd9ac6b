/** Enough days that a clock which jumps about comes back to a count that is still there. */
const keptPeriods = 400;

/** One value per calendar day or month, made on first use. */
export function createPerPeriod<Value>(initial: () => Value): (periodName: string) => Value {
  const values = new Map<string, Value>();
  return (periodName) => {
    let value = values.get(periodName);
    if (value === undefined) {
      value = initial();
      values.set(periodName, value);
      const [oldest] = values.keys();
      if (values.size > keptPeriods && oldest !== undefined) values.delete(oldest);
    }
    return value;
  };
}
