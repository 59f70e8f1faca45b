import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { licenses } from './licenses.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), licenses()],
  base: '/static/',
  resolve: { alias: { '@': here('./src') } },
  build: {
    outDir: here('../engine/musegraph/_web'),
    emptyOutDir: true,
    // Says which files the page needs first: tests/web/test_build.py weighs them.
    manifest: true,
    target: 'es2023',
    // The server's content policy allows no address that holds its own data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // README.md says how the server is started for it.
    strictPort: true,
    proxy: {
      '/api': { target: 'http://127.0.0.1:8190', ws: true },
      '/healthz': 'http://127.0.0.1:8190',
    },
  },
});
