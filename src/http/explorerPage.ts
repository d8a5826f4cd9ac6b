/** The files that the page loads. */
export type AssetKey =
  'graphiql' | 'graphiqlStyles' | 'editorWorker' | 'graphqlWorker' | 'jsonWorker' | 'start';

type Assets = Readonly<Record<AssetKey, { name: string }>>;

/** What the explorer pages say about the gateway. */
export interface ExplorerFacts {
  /** Whether everybody may introspect the schema. */
  introspection: boolean;
  /** Whether callers must authenticate. */
  authentication: boolean;
  /** Whether only the operations of a manifest run. */
  trustedDocumentsOnly: boolean;
}

/** Explains what does not work without further steps, in a sentence each. */
export function notesOn({ introspection, authentication, trustedDocumentsOnly }: ExplorerFacts): string[] {
  return [
    authentication &&
      'Operations need a token: put it behind Bearer in the authorization header, then re-fetch the schema.',
    !introspection &&
      (authentication
        ? 'INTROSPECTION is off: documentation and completion need a token with the scope introspect. Operations run without them.'
        : 'INTROSPECTION is off: there is no documentation and no completion here. Operations run without them.'),
    trustedDocumentsOnly && 'Only the operations of this gateway’s manifest run here.',
  ].filter((note) => note !== false);
}

/** Returns GraphiQL's page. Its URLs are relative, so that it works behind a path prefix of a proxy. */
export function explorerPage(facts: ExplorerFacts, assets: Assets): string {
  const notes = notesOn(facts).map((note) => `<p>${escaped(note)}</p>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TITLE}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(mark('#4f46e5'))}">
<link rel="stylesheet" href="explorer/${assets.graphiqlStyles.name}">
<style>${PAGE_STYLES}</style>
</head>
<body>
${notes.length > 0 ? `<aside>${notes.join('')}</aside>` : ''}
<main id="explorer"><noscript>GraphiQL needs JavaScript.</noscript></main>
<script type="application/json" id="settings">${inScript(settingsFor(facts, assets))}</script>
<script src="explorer/${assets.graphiql.name}"></script>
<script src="explorer/${assets.start.name}"></script>
</body>
</html>
`;
}

const TITLE = 'DataWorks pipeline runs';

/** Leaves space for the notes above GraphiQL, which fills the window by default. */
const PAGE_STYLES = `
body { display: flex; flex-direction: column; height: 100vh; margin: 0; }
main { flex: 1; min-height: 0; }
main .graphiql-container { height: 100%; width: 100%; }
aside { background: #fef3c7; color: #451a03; font: 14px/1.5 system-ui, sans-serif; padding: 8px 16px; }
aside p { margin: 0; }
`;

/** Settings for the start script. */
function settingsFor({ authentication }: ExplorerFacts, assets: Assets) {
  return {
    workers: {
      editorWorkerService: `explorer/${assets.editorWorker.name}`,
      graphql: `explorer/${assets.graphqlWorker.name}`,
      json: `explorer/${assets.jsonWorker.name}`,
    },
    endpoint: 'graphql',
    graphiql: {
      title: TITLE,
      logo: mark('currentColor'),
      // For new tabs and first visits. Later visits restore their tabs.
      defaultQuery: EXAMPLE,
      defaultHeaders: authentication ? JSON.stringify(EXAMPLE_HEADERS, null, 2) : '',
      defaultEditorToolsVisibility: authentication ? 'headers' : false,
      // The package would store a token in the browser.
      shouldPersistHeaders: false,
    },
  };
}

/** A run and its stages. */
function mark(color: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="${color}" stroke-width="2"><path d="M7 12h3m4 0h3"/><circle cx="4.5" cy="12" r="2.5" fill="${color}"/><circle cx="12" cy="12" r="2.5" fill="${color}"/><circle cx="19.5" cy="12" r="2.5"/></svg>`;
}

/** Returns JSON that cannot end its script element. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** For callers to complete if they must authenticate. */
export const EXAMPLE_HEADERS = { authorization: 'Bearer ' };

/** The operation that an explorer opens with. Workspace 10000 is that of DataWorks' own sample, and has runs in the simulator. */
export const EXAMPLE = `# Latest runs of workspace 10000
# Ctrl-Enter or ⌘-Enter runs it.
query LatestRuns {
  pipelineRuns(projectId: 10000, first: 5) {
    totalCount
    # How fresh the answer is.
    asOf
    staleBecause
    nodes {
      runId
      status
      createTime
      description
      stages {
        name
        status
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;
