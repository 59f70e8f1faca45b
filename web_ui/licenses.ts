import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

interface Package {
  name: string;
  version: string;
  license?: string;
  author?: string | { name: string };
}

/** What bundlers add of their own is not marked with a path. */
const HELPERS = { '\0vite/': 'vite', '\0rolldown/': 'rolldown' };

/** Writes LICENSES.txt beside the canvas: what it is made of, with the texts that must come along. */
export function licenses(): Plugin {
  return {
    name: 'musegraph-licenses',
    apply: 'build',
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const folder = folderOf(id);
        if (folder) folders.add(folder);
      }
      const said = [...folders].map(describe).sort((a, b) => (a < b ? -1 : 1));
      this.emitFile({
        type: 'asset',
        fileName: 'LICENSES.txt',
        source: `The canvas of Musegraph contains these packages.\n\n${said.join('\n')}`,
      });
    },
  };
}

/** The folder of the package that a module is from; nothing if the module is ours. */
function folderOf(id: string): string | undefined {
  for (const [prefix, name] of Object.entries(HELPERS)) {
    if (id.startsWith(prefix)) {
      return fileURLToPath(new URL(`./node_modules/${name}`, import.meta.url));
    }
  }
  // A package may lie in the node_modules of another one.
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
}

function describe(folder: string): string {
  const read = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
  const author = typeof read.author === 'object' ? read.author.name : read.author;
  const rule = '-'.repeat(80);
  const text = textOf(folder) ?? `By ${author ?? `the authors of ${read.name}`}.`;
  return `${rule}\n${read.name} ${read.version} · ${read.license ?? 'unknown'}\n\n${text.trim()}\n`;
}

function textOf(folder: string): string | undefined {
  const name = readdirSync(folder).find((file) => /^licen[cs]e(\.|$)/i.test(file));
  return name && readFileSync(join(folder, name), 'utf8');
}
