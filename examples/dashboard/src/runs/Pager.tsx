import type { ReactNode } from 'react';
import type { ChangeView } from '../view/useView.ts';
import { formatView, type View } from '../view/view.ts';
import { pageNumbers } from './pageNumbers.ts';

export interface PagerProps {
  view: View;
  pageCount: number;
  changeView: ChangeView;
}

export function Pager({ view, pageCount, changeView }: PagerProps) {
  const link = (page: number, label: ReactNode, name: string) => (
    <PageLink view={{ ...view, page }} isCurrent={page === view.page} name={name} changeView={changeView}>
      {label}
    </PageLink>
  );
  return (
    <nav className="pager" aria-label="Pages">
      <ul>
        <li>{view.page > 1 && link(view.page - 1, '‹ Previous', 'Previous page')}</li>
        {pageNumbers(view.page, pageCount).map((page, index) => (
          <li key={page ?? `gap ${index}`}>{page === null ? '…' : link(page, page, `Page ${page}`)}</li>
        ))}
        <li>{view.page < pageCount && link(view.page + 1, 'Next ›', 'Next page')}</li>
      </ul>
    </nav>
  );
}

interface PageLinkProps {
  view: View;
  isCurrent: boolean;
  name: string;
  changeView: ChangeView;
  children: ReactNode;
}

/** A link, so that a page can be opened in a new tab. */
function PageLink({ view, isCurrent, name, changeView, children }: PageLinkProps) {
  return (
    <a
      href={formatView(view)}
      aria-label={name}
      aria-current={isCurrent ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        changeView({ page: view.page });
        // The link disappears with its page, so keyboard focus moves to the new page.
        document.getElementById('runs')?.focus({ preventScroll: true });
        window.scrollTo({ top: 0 });
      }}
    >
      {children}
    </a>
  );
}
