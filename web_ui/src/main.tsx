import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './theme/base.css';
import { enter } from './api/client';
import { startTexts } from './i18n';
import { App } from './shell/App';
import { followLanguage, loadCatalogue } from './state/catalogue';
import { startSettings, useSettings } from './state/settings';
import { newDocument } from './state/workspace';

startSettings();
followLanguage();
await Promise.all([startTexts(useSettings.getState().language), enter()]);
newDocument();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
await loadCatalogue();
