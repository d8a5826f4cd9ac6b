/** What is mostly there at once. To wait for that all the same would cost each request several turns of the microtask queue. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Goes on with a value as soon as it is there, which can be now. */
export function whenThere<Value, Result>(
  value: MaybePromise<Value>,
  goOn: (value: Value) => Result,
): MaybePromise<Awaited<Result>> {
  return (value instanceof Promise ? value.then(goOn) : goOn(value)) as MaybePromise<Awaited<Result>>;
}
