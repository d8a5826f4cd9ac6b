/** Closes everything that has been started, the last one first. */
export interface Closers {
  add(close: () => void | Promise<void>): void;
  /** Idempotent. Closes the rest if one fails, then rejects with the first error. */
  closeAll(): Promise<void>;
}

export function createClosers(): Closers {
  const closers: (() => void | Promise<void>)[] = [];
  return {
    add: (close) => void closers.push(close),
    async closeAll() {
      const errors: unknown[] = [];
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
        try {
          await close();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
