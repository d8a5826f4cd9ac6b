import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { formatView, parseView, type View } from './view.ts';

export type ChangeView = (change: Partial<View>) => void;

const VIEW_CHANGED = 'viewchanged';

/** The view in the URL. Changing the list resets the page. */
export function useView(): [View, ChangeView] {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  const view = useMemo(() => parseView(search), [search]);
  const change = useCallback<ChangeView>((part) => {
    const next = nextView(parseView(window.location.search), part);
    const url = formatView(next);
    if (url === window.location.search) return;
    window.history.pushState(null, '', url);
    window.dispatchEvent(new Event(VIEW_CHANGED));
  }, []);
  return [view, change];
}

/** The view after a change. Changing the list resets the page. */
export function nextView(view: View, change: Partial<View>): View {
  return { ...view, page: 1, ...change };
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('popstate', onChange);
  window.addEventListener(VIEW_CHANGED, onChange);
  return () => {
    window.removeEventListener('popstate', onChange);
    window.removeEventListener(VIEW_CHANGED, onChange);
  };
}
