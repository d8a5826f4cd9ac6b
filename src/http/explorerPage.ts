import type { Assets } from './explorerAssets.ts';
import { exampleFor, type ExplorerFacts, notesOn } from './explorerExample.ts';

/** GraphiQL's page. Its addresses are relative, so that it works behind a proxy's path too. */
export function explorerPage(facts: ExplorerFacts, names: Assets['names']): string {
  const notes = notesOn(facts).map((note) => `<p>${escaped(note)}</p>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TITLE}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(mark('#4f46e5'))}">
<link rel="stylesheet" href="explorer/${names.graphiqlStyles}">
<link rel="stylesheet" href="explorer/${names.pageStyles}">
</head>
<body>
${notes.length > 0 ? `<aside>${notes.join('')}</aside>` : ''}
<main id="explorer"><noscript>GraphiQL needs JavaScript.</noscript></main>
<script type="application/json" id="settings">${inScript(settingsFor(facts, names))}</script>
<script src="explorer/${names.graphiql}"></script>
<script src="explorer/${names.start}"></script>
</body>
</html>
`;
}

const TITLE = 'DataWorks pipeline runs';

/** What the start script reads. */
function settingsFor(facts: ExplorerFacts, names: Assets['names']) {
  const { document, headers } = exampleFor(facts);
  return {
    workers: {
      editorWorkerService: `explorer/${names.editorWorker}`,
      graphql: `explorer/${names.graphqlWorker}`,
      json: `explorer/${names.jsonWorker}`,
    },
    endpoint: 'graphql',
    graphiql: {
      title: TITLE,
      logo: mark('currentColor'),
      // For new tabs and for who comes for the first time; others find the tabs that they left.
      defaultQuery: document,
      defaultHeaders: headers === null ? '' : JSON.stringify(headers, null, 2),
      defaultEditorToolsVisibility: headers === null ? false : 'headers',
      // A token is gone with its page; the package would keep it in the browser's storage.
      shouldPersistHeaders: false,
    },
  };
}

/** A run and its stages. */
function mark(color: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="${color}" stroke-width="2"><path d="M7 12h3m4 0h3"/><circle cx="4.5" cy="12" r="2.5" fill="${color}"/><circle cx="12" cy="12" r="2.5" fill="${color}"/><circle cx="19.5" cy="12" r="2.5"/></svg>`;
}

/** As JSON that can't end the element that it stands in. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
