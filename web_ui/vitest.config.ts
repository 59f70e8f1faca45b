import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ALONE = 'src/**/*.alone.test.{ts,tsx}';

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: {
    // The core knows no page; what does says so at its top: `// @vitest-environment happy-dom`.
    environment: 'node',
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: [ALONE],
          // Modules are read once for all files, which takes half the time.
          isolate: false,
          // What one file puts in place of something is none of the next one's.
          restoreMocks: true,
          unstubGlobals: true,
        },
      },
      // A module that a file puts another in place of is read anew for it.
      { extends: true, test: { name: 'alone', include: [ALONE] } },
    ],
  },
});
