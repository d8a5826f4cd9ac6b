import type { Actions, Page } from '../core/upstream.ts';
import { listKey, pageKey } from './keys.ts';

type PageParams = Actions['ListPipelineRuns']['params'];

/** A page of a list, with its keys. The index counts from 0. */
export interface Place {
  params: PageParams;
  index: number;
  listKey: string;
  pageKey: string;
}

export function placeOf(params: PageParams): Place {
  return { params, index: params.pageNumber - 1, listKey: listKey(params), pageKey: pageKey(params) };
}

/**
 * Where an answer belongs. A page that is smaller than requested belongs to the list of pages of that size. Null unless it is the
 * first page, which begins at the same row whatever the size.
 */
export function placeOfAnswer(place: Place, { value }: { value: Page<unknown> }): Place | null {
  const { params, index } = place;
  if (value.pageSize === params.pageSize) return place;
  return index === 0 ? placeOf({ ...params, pageSize: value.pageSize }) : null;
}

export function headOf({ params, listKey }: Place): Place {
  return { params: { ...params, pageNumber: 1 }, index: 0, listKey, pageKey: `${listKey}/1` };
}
