export interface RowAccess<Row> {
  idOf: (row: Row) => string | undefined;
  cursorOf: (row: Row) => string | undefined;
}

/** What stays of a list around a window of it that was read anew. */
export interface Surroundings<Row> {
  before: Row[];
  behind: Row[];
}

/**
 * Where a window goes into the rows that were loaded earlier. A window is a stretch of the list without gaps, so what was
 * loaded between its ends and is not in it has left the list. Where it meets nothing that is loaded, there may be rows
 * between it and what was behind it: those are let go, to be loaded again in their turn.
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
    // The named row has been read again since, and has another cursor now that it stands elsewhere.
    const met = loaded.findIndex((row) => !isElsewhere(row));
    return met >= 0 ? met : loaded.length;
  }
}
