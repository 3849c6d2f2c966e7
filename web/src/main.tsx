import 'virtual:theme.css';
import './styles/base.css';
import './styles/components.css';
import './styles/forms.css';
import './styles/shell.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, make_client, preload } from './app.tsx';
import { may_be_logged_in } from './features/session/session.tsx';

const root = document.getElementById('root');
if (root) {
  const client = make_client();
  if (may_be_logged_in()) preload(client, window.location);
  createRoot(root).render(
    <StrictMode>
      <App client={client} />
    </StrictMode>,
  );
}
