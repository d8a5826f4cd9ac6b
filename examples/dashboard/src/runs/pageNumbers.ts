/** The pages that a pager names: the ends and those around the current one, with null for a gap. */
export function pageNumbers(current: number, pageCount: number): (number | null)[] {
  const named = new Set(
    [1, current - 1, current, current + 1, pageCount].filter((page) => page >= 1 && page <= pageCount),
  );
  const sorted = [...named].sort((a, b) => a - b);
  return sorted.flatMap((page, index) => {
    const missingCount = page - (sorted[index - 1] ?? 0) - 1;
    if (missingCount === 0) return [page];
    // A gap that hides one page is no shorter than the page.
    return missingCount === 1 ? [page - 1, page] : [null, page];
  });
}
