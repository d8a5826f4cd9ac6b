import { afterEach, beforeEach, expect, jest } from '@jest/globals';

/** Clients report problems with a schema or a response on the console. Any such message fails the current test. */
export function watchConsole(): void {
  const complaints: unknown[][] = [];

  beforeEach(() => {
    complaints.length = 0;
    for (const level of ['warn', 'error'] as const) {
      jest.spyOn(console, level).mockImplementation((...words: unknown[]) => void complaints.push(words));
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
    expect(complaints).toEqual([]);
  });
}
