import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { licenses } from './licenses.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Those of the first page alone: others come with what shows them. */
const ICONS =
  /lucide-react.*icons\/(?:box|braces|brush|check|chevron-(?:down|right)|circle-x|copy|download|ellipsis|film|image|info|minus|person-standing|play|plus|repeat|rotate-ccw|search|square-dashed|triangle-(?:alert|exclamation-point)|type|undo-2|x)\.m?js/;

export default defineConfig(({ command }) => ({
  plugins: [react(), licenses()],
  // The page is at / in both; the server has what belongs to it below /static/.
  base: command === 'build' ? '/static/' : '/',
  resolve: { alias: { '@': here('./src') } },
  build: {
    outDir: here('../engine/musegraph/_web'),
    emptyOutDir: true,
    target: 'es2023',
    // Says which files the page needs first: tests/web/test_build.py weighs them.
    manifest: true,
    // The server's content policy allows no address that holds its own data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Icons of the first page in one file: each alone costs more than it holds.
      output: { codeSplitting: { groups: [{ name: 'icons', test: ICONS }] } },
    },
  },
  server: {
    // README.md says how to start the server that it speaks to, which has to know this port.
    port: 5173,
    strictPort: true,
    proxy: {
      '/api': { target: 'http://127.0.0.1:8190', ws: true },
      '/healthz': 'http://127.0.0.1:8190',
    },
  },
}));
