import { defaultProjectId } from '../projects.ts';
import { isKnownStatus, type KnownStatus } from '../status/status.ts';

/** Everything that determines what is shown. It is stored in the URL, so that a view can be shared and bookmarked. */
export interface View {
  projectId: string;
  /** Null for all. */
  status: KnownStatus | null;
  /** An account's uid, or empty for all. */
  creator: string;
  mode: Mode;
  /** From 1; used only in the mode `pages`. */
  page: number;
}

export type Mode = 'scroll' | 'pages';

/** Parses a query string. Invalid values are ignored. */
export function parseView(search: string): View {
  const params = new URLSearchParams(search);
  const status = params.get('status');
  const page = Number(params.get('page'));
  return {
    projectId: params.get('project') ?? defaultProjectId,
    status: isKnownStatus(status) ? status : null,
    creator: params.get('creator') ?? '',
    mode: params.get('mode') === 'pages' ? 'pages' : 'scroll',
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The query string of a view, for `parseView`. Omits defaults. */
export function formatView(view: View): string {
  const params = new URLSearchParams({ project: view.projectId });
  if (view.status) params.set('status', view.status);
  if (view.creator) params.set('creator', view.creator);
  if (view.mode === 'pages') {
    params.set('mode', 'pages');
    params.set('page', String(view.page));
  }
  return `?${params.toString()}`;
}
