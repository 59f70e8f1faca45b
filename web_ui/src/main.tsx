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

/** Milliseconds. */
const PATIENCE = 1000;
const wait = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

/** The node types, asked for again for as long as the server cannot be reached. */
async function untilThere(): Promise<void> {
  try {
    await loadCatalogue();
  } catch {
    await wait(PATIENCE);
    await untilThere();
  }
}

startLog();
startSettings();
followLanguage();
await Promise.all([startTexts(useSettings.getState().language), enter()]);
const nodes = untilThere();
// Drawn without its node types a graph would be drawn twice, first as a heap. A server that is slow
// to say them keeps nobody from the page.
await Promise.all([startFiles(), Promise.race([nodes, wait(PATIENCE)])]);
createRoot(document.getElementById('root')!, REACT_LOGS).render(
  <StrictMode>
    <PageBoundary>
      <App />
    </PageBoundary>
  </StrictMode>,
);
startRuns();
await nodes;
