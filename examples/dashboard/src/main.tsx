import { ApolloProvider } from '@apollo/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { createClient } from './client.ts';
import './styles/tokens.css';
import './styles/page.css';
import './styles/controls.css';
import './styles/status.css';
import './styles/notices.css';
import './styles/runs.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root to put the app into.');

createRoot(root).render(
  <StrictMode>
    <ApolloProvider client={createClient()}>
      <App />
    </ApolloProvider>
  </StrictMode>,
);
