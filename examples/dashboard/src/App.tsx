import { Announcer } from './announcer/Announcer.tsx';
import { ListControls } from './filters/ListControls.tsx';
import { Header } from './Header.tsx';
import { PagedRuns } from './runs/PagedRuns.tsx';
import { ScrolledRuns } from './runs/ScrolledRuns.tsx';
import { useView } from './view/useView.ts';
import { formatView } from './view/view.ts';

export function App() {
  const [view, changeView] = useView();
  // A new key per list and page, so that no state of the previous one remains.
  const key = formatView(view);
  return (
    <Announcer>
      <a className="skip-link" href="#runs">
        Skip to the runs
      </a>
      <Header view={view} changeView={changeView} />
      <main>
        <ListControls view={view} changeView={changeView} />
        <section id="runs" tabIndex={-1} aria-label="Runs">
          {view.mode === 'pages' ? (
            <PagedRuns key={key} view={view} changeView={changeView} />
          ) : (
            <ScrolledRuns key={key} view={view} changeView={changeView} />
          )}
        </section>
      </main>
    </Announcer>
  );
}
