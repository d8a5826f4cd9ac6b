export interface RowAccess<Row> {
  idOf: (row: Row) => string | undefined;
  cursorOf: (row: Row) => string | undefined;
}

/** The loaded rows that remain around a window that was read again. */
export interface Surroundings<Row> {
  before: Row[];
  behind: Row[];
}

/**
 * Places a window within the rows that were loaded earlier. A window is a contiguous part of the list, so a loaded row between
 * its ends that is not in it has left the list. If the window overlaps no loaded row, there may be rows between it and the rows
 * behind it: those are dropped, to be loaded again when needed.
 *
 * @param after the cursor behind which the window was read; null for the head of the list
 */
export function spliceWindow<Row>(
  loaded: readonly Row[],
  window: readonly Row[],
  after: string | null,
  { idOf, cursorOf }: RowAccess<Row>,
): Surroundings<Row> {
  const inWindow = new Set(window.map(idOf));
  const isElsewhere = (row: Row) => !inWindow.has(idOf(row));
  const start = startOf();
  const lastMet = loaded.findLastIndex((row, index) => index >= start && !isElsewhere(row));
  return {
    before: loaded.slice(0, start).filter(isElsewhere),
    behind: lastMet < 0 ? [] : loaded.slice(lastMet + 1).filter(isElsewhere),
  };

  function startOf(): number {
    if (after === null) return 0;
    const named = loaded.findIndex((row) => cursorOf(row) === after);
    if (named >= 0) return named + 1;
    // The row has been read again since and has another cursor, because its position has changed.
    const met = loaded.findIndex((row) => !isElsewhere(row));
    return met >= 0 ? met : loaded.length;
  }
}
