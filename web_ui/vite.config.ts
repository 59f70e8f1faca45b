import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react()],
  base: '/static/',
  resolve: { alias: { '@': here('./src') } },
  build: {
    outDir: here('../engine/musegraph/_web'),
    emptyOutDir: true,
    target: 'es2023',
    // The server's content policy allows no address that holds its own data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { '/api': { target: 'http://127.0.0.1:8420', ws: true }, '/healthz': 'http://127.0.0.1:8420' },
  },
});
