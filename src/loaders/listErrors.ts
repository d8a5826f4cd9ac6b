import { UpstreamError } from '../core/upstreamError.ts';
import type { ListAction } from './pageSizes.ts';

/* Why a window of a list is refused although its pages were answered. */

interface ListName {
  action: ListAction;
  /** In words. */
  description: string;
}

/** @param what what the upstream gives, as `3 rows in all, but …` */
export function contradiction({ action, description }: ListName, what: string): UpstreamError {
  return new UpstreamError(
    `DataWorks contradicts itself. Of ${description} it gives ${what}. Ask for another part of the list, or try again later.`,
    { kind: 'invalidResponse', action },
  );
}

export function keptChanging({ action, description }: ListName): UpstreamError {
  return new UpstreamError(
    `The list changed each time it was read: ${description}. Ask again, or for fewer rows at once.`,
    { kind: 'unavailable', action },
  );
}

export function costsMore({ action, description }: ListName, pageSize: number): UpstreamError {
  return new UpstreamError(
    `DataWorks gives only ${pageSize} rows a page of ${description}, so this needs more calls than it was priced for. Ask again: it is priced anew.`,
    { kind: 'unavailable', action },
  );
}
