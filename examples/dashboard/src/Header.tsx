import { useQuery } from '@apollo/client/react';
import { ProjectPicker } from './filters/ProjectPicker.tsx';
import { graphql } from './generated/gql.ts';
import type { ChangeView } from './view/useView.ts';
import type { View } from './view/view.ts';

const WORKSPACE = graphql(`
  query Workspace($projectId: ID!) {
    project(projectId: $projectId) {
      id
      displayName
      description
    }
  }
`);

export function Header({ view, changeView }: { view: View; changeView: ChangeView }) {
  const { projectId } = view;
  // If the name cannot be read, the number is shown. The list of runs shows the error.
  const { data } = useQuery(WORKSPACE, { variables: { projectId } });
  const title = data?.project?.displayName ?? `Workspace ${projectId}`;
  return (
    <header className="header">
      <title>{`${title} · Pipeline runs`}</title>
      <div className="header-inner">
        <img className="header-icon" src="/icon.svg" alt="" width="32" height="32" />
        <div className="header-titles">
          <h1>Pipeline runs</h1>
          <p>{data?.project?.description ?? title}</p>
        </div>
        <ProjectPicker projectId={projectId} onPick={(picked) => changeView({ projectId: picked })} />
      </div>
    </header>
  );
}
