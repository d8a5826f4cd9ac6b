import { afterEach, beforeEach, expect, jest } from '@jest/globals';

/** Clients say on the console what they find amiss in a schema or an answer: any such word fails the test that it fell in. */
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
