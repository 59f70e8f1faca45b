import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './theme/base.css';
import { enter } from './api/client';
import { startTexts } from './i18n';
import { App } from './shell/App';
import { PageBoundary } from './shell/PageBoundary';
import { followLanguage, loadCatalogue } from './state/catalogue';
import { startRuns } from './state/runs/server';
import { startFiles } from './state/files/start';
import { REACT_LOGS, startLog } from './state/log';
import { startSettings, useSettings } from './state/settings';

startLog();
startSettings();
followLanguage();
await Promise.all([startTexts(useSettings.getState().language), enter()]);
await startFiles();
createRoot(document.getElementById('root')!, REACT_LOGS).render(
  <StrictMode>
    <PageBoundary>
      <App />
    </PageBoundary>
  </StrictMode>,
);
startRuns();
await loadCatalogue();
